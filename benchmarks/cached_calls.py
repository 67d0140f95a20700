"""The cost of a cached get_token: in microseconds, as a multiple of the floor, and with many cached scopes."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contenders import (
    AsyncFloor,
    Floor,
    ours,
    ours_aio,
    ours_chained,
    ours_default,
    ours_managed,
    ours_managed_aio,
    theirs,
    theirs_aio,
    theirs_chained,
    theirs_default,
    theirs_managed,
    theirs_managed_aio,
)
from benchmarks.interleaved import medians
from benchmarks.network import SCOPE, Network
from benchmarks.table import Comparison, target

ROUNDS = 15
CALLS = 2000
#: Targets: at most this multiple of the floor, and at least this many times faster than azure-identity.
MOST_FLOORS, LEAST_FASTER = 4.0, 15.0
#: Microseconds that a DefaultAzureCredential may add to the credential that it selected.
MOST_ADDED = 2.0
KINDS = (
    ("", theirs, ours, theirs_aio, ours_aio),
    (", managed identity", theirs_managed, ours_managed, theirs_managed_aio, ours_managed_aio),
)
#: Numbers of scopes in one credential. azure-identity would take minutes to acquire the last number, so it does not.
SCOPES = (1, 100, 10_000)
MOST_SCOPES_OF_PEER = 100
#: Seconds that acquiring the last number of scopes may take, and how much more the last ones may take than the first.
MOST_SECONDS, MOST_GROWTH = 30.0, 2.0
#: How many of the first and of the last acquisitions are compared.
SAMPLE = 500


def measure() -> list[Comparison]:
    """Compare each method, sync and async, composed credentials, and each number of scopes."""
    rows: list[Comparison] = []
    loop = asyncio.new_event_loop()
    for kind, peer, project, peer_aio, project_aio in KINDS:
        for method in ("get_token", "get_token_info"):
            contenders = [peer(Network()), project(Network()), Floor()]
            measured = medians([_sync(each, method) for each in contenders], ROUNDS)
            rows.append(_row(f"cached {method}{kind}", measured))
        for method in ("get_token", "get_token_info"):
            awaited = [peer_aio(Network()), project_aio(Network()), AsyncFloor()]
            measured = medians([_async(each, method, loop) for each in awaited], ROUNDS)
            rows.append(_row(f"cached {method}{kind}, aio", measured))
    loop.close()
    return [*rows, *_composed(), *_growth(), _one_more()]


def _composed() -> list[Comparison]:
    """Compare credentials that try others with the one that they selected."""
    rows: list[Comparison] = []
    for name, make_theirs, make_ours in (
        ("DefaultAzureCredential", theirs_default, ours_default),
        ("ChainedTokenCredential", theirs_chained, ours_chained),
    ):
        contenders = [make_theirs(Network()), make_ours(Network()), ours(Network())]
        batches = [_sync(each, "get_token") for each in contenders]
        peer, project, alone = (1e6 * median for median in medians(batches, ROUNDS))
        added = project - alone
        has_target = make_ours is ours_default
        rows.append(
            Comparison(
                f"cached get_token, {name}",
                peer=f"{peer:.2f} us",
                project=f"{project:.2f} us",
                ratio=f"{peer / project:.1f}x faster",
                details=f"{added:.2f} us more than the selected credential",
                target=target(added <= MOST_ADDED, f"<= {MOST_ADDED:.0f} us more") if has_target else "",
            )
        )
    return rows


def _sync(credential: Any, method: str) -> Callable[[], float]:
    call = getattr(credential, method)
    call(SCOPE)

    def batch() -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            call(SCOPE)
        return (time.perf_counter() - start) / CALLS

    return batch


def _async(credential: Any, method: str, loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    call = getattr(credential, method)

    async def batch() -> float:
        await call(SCOPE)
        start = time.perf_counter()
        for _ in range(CALLS):
            await call(SCOPE)
        return (time.perf_counter() - start) / CALLS

    return lambda: loop.run_until_complete(batch())


def _row(name: str, measured: list[float]) -> Comparison:
    peer, project, floor = (1e6 * median for median in measured)
    met = project / floor <= MOST_FLOORS and (peer / project >= LEAST_FASTER or "aio" in name)
    wanted = f"<= {MOST_FLOORS:.0f}x floor" + ("" if "aio" in name else f", >= {LEAST_FASTER:.0f}x faster")
    return Comparison(
        name,
        peer=f"{peer:.2f} us",
        project=f"{project:.2f} us",
        ratio=f"{peer / project:.1f}x faster",
        details=f"floor {floor:.2f} us: azure-identity {peer / floor:.1f}x, webidentity {project / floor:.1f}x",
        target=target(met, wanted),
    )


def _growth() -> list[Comparison]:
    rows: list[Comparison] = []
    first = 0.0
    for count in SCOPES:
        credential, seconds = _filled(ours, count)
        floor = Floor(_scope(number) for number in range(count))
        batches = [_spread(credential, count), _spread(floor, count)]
        if count <= MOST_SCOPES_OF_PEER:
            batches.append(_spread(_filled(theirs, count)[0], count))
        project, least, *peer = (1e6 * median for median in medians(batches, ROUNDS))
        first = first or project
        rows.append(
            Comparison(
                f"cached get_token, {count:,} scopes cached",
                peer=f"{peer[0]:.2f} us" if peer else "",
                project=f"{project:.2f} us",
                ratio=f"{peer[0] / project:.1f}x faster" if peer else "",
                details=f"{project / first:.1f}x the cost of one scope, {project / least:.1f}x the floor with as many; "
                f"acquiring them took {seconds:.1f} s",
                target=target(
                    project / least <= MOST_FLOORS and seconds <= MOST_SECONDS,
                    f"<= {MOST_FLOORS:.0f}x floor, <= {MOST_SECONDS:.0f} s",
                ),
            )
        )
    return rows


def _one_more() -> Comparison:
    """Compare the CPU time of acquiring a token when few and when many are cached."""
    credential, times = ours(Network()), list[float]()
    for number in range(SCOPES[-1]):
        start = time.process_time()
        credential.get_token(_scope(number))
        times.append(time.process_time() - start)
    first, last = (1e6 * sum(sample) / SAMPLE for sample in (times[:SAMPLE], times[-SAMPLE:]))
    return Comparison(
        f"one more scope, {SCOPES[-1]:,} cached",
        peer="",
        project=f"{last:.0f} us",
        ratio="",
        details=f"{last / first:.1f}x the cost of the first {SAMPLE}",
        target=target(last / first <= MOST_GROWTH, f"<= {MOST_GROWTH:.0f}x the first"),
    )


def _filled(make: Callable[[Network], Any], count: int) -> tuple[Any, float]:
    credential = make(Network())
    start = time.perf_counter()
    for number in range(count):
        credential.get_token(_scope(number))
    return credential, time.perf_counter() - start


def _scope(number: int) -> str:
    return f"api://resource-{number}/.default"


def _spread(credential: Any, count: int) -> Callable[[], float]:
    """Measure calls for scopes that are spread over the cache."""
    wanted = [_scope(number * count // 1000 % count) for number in range(1000)]

    def batch() -> float:
        start = time.perf_counter()
        for scope in wanted:
            credential.get_token(scope)
        return (time.perf_counter() - start) / len(wanted)

    return batch
