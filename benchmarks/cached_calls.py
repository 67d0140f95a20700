"""What a cached get_token costs: microseconds, how many times the floor, and whether it grows with the scopes held."""

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
from benchmarks.table import Row, bar

ROUNDS = 15
CALLS = 2000
#: Bars: times the floor, and times faster than the peer.
MOST_FLOORS, LEAST_FASTER = 4.0, 15.0
#: Microseconds that a DefaultAzureCredential may add to its winner.
MOST_ADDED = 2.0
KINDS = (
    ("", theirs, ours, theirs_aio, ours_aio),
    (", managed identity", theirs_managed, ours_managed, theirs_managed_aio, ours_managed_aio),
)
#: Scopes that one credential holds. azure-identity needs minutes to collect the last number, so it is left out there.
SCOPES = (1, 100, 10_000)
MOST_OF_PEER = 100
#: Seconds that collecting the last number of them may take.
MOST_SECONDS = 30.0


def measure() -> list[Row]:
    """Return a row for each method, sync and async, and for each number of scopes."""
    rows: list[Row] = []
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
    return [*rows, *_composed(), *_growth()]


def _composed() -> list[Row]:
    """What a credential costs that is made of others, beside its winner alone."""
    rows: list[Row] = []
    for name, make_theirs, make_ours in (
        ("DefaultAzureCredential", theirs_default, ours_default),
        ("ChainedTokenCredential", theirs_chained, ours_chained),
    ):
        contenders = [make_theirs(Network()), make_ours(Network()), ours(Network())]
        batches = [_sync(each, "get_token") for each in contenders]
        peer, project, alone = (1e6 * median for median in medians(batches, ROUNDS))
        added = project - alone
        pins = make_ours is ours_default
        rows.append(
            Row(
                f"cached get_token, {name}",
                peer=f"{peer:.2f} us",
                project=f"{project:.2f} us",
                ratio=f"{peer / project:.1f}x faster",
                note=f"{added:.2f} us more than the credential that it uses",
                bar=bar(added <= MOST_ADDED, f"<= {MOST_ADDED:.0f} us more") if pins else "",
            )
        )
    return rows


def _sync(credential: Any, method: str) -> Callable[[], float]:
    call = getattr(credential, method)
    call(SCOPE)

    def batch() -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            call(SCOPE)
        return (time.perf_counter() - began) / CALLS

    return batch


def _async(credential: Any, method: str, loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    call = getattr(credential, method)

    async def batch() -> float:
        await call(SCOPE)
        began = time.perf_counter()
        for _ in range(CALLS):
            await call(SCOPE)
        return (time.perf_counter() - began) / CALLS

    return lambda: loop.run_until_complete(batch())


def _row(name: str, measured: list[float]) -> Row:
    peer, project, floor = (1e6 * median for median in measured)
    met = project / floor <= MOST_FLOORS and (peer / project >= LEAST_FASTER or "aio" in name)
    wanted = f"<= {MOST_FLOORS:.0f} floors" + ("" if "aio" in name else f", >= {LEAST_FASTER:.0f}x")
    return Row(
        name,
        peer=f"{peer:.2f} us",
        project=f"{project:.2f} us",
        ratio=f"{peer / project:.1f}x faster",
        note=f"floor {floor:.2f} us: peer {peer / floor:.1f}x, project {project / floor:.1f}x",
        bar=bar(met, wanted),
    )


def _growth() -> list[Row]:
    rows: list[Row] = []
    first = 0.0
    for count in SCOPES:
        credential, seconds = _filled(ours, count)
        floor = Floor(_scope(number) for number in range(count))
        batches = [_some(credential, count), _some(floor, count)]
        if count <= MOST_OF_PEER:
            batches.append(_some(_filled(theirs, count)[0], count))
        project, least, *peer = (1e6 * median for median in medians(batches, ROUNDS))
        first = first or project
        rows.append(
            Row(
                f"cached get_token, {count:,} scopes held",
                peer=f"{peer[0]:.2f} us" if peer else "",
                project=f"{project:.2f} us",
                ratio=f"{peer[0] / project:.1f}x faster" if peer else "",
                note=f"{project / first:.1f} times one scope, {project / least:.1f} floors of as many; "
                f"collecting them took {seconds:.1f} s",
                bar=bar(project / least <= MOST_FLOORS and seconds <= MOST_SECONDS, "<= 4 floors, <= 30 s"),
            )
        )
    return rows


def _filled(make: Callable[[Network], Any], count: int) -> tuple[Any, float]:
    credential = make(Network())
    began = time.perf_counter()
    for number in range(count):
        credential.get_token(_scope(number))
    return credential, time.perf_counter() - began


def _scope(number: int) -> str:
    return f"api://resource-{number}/.default"


def _some(credential: Any, count: int) -> Callable[[], float]:
    """Ask for scopes from all over the cache."""
    wanted = [_scope(number * count // 1000 % count) for number in range(1000)]

    def batch() -> float:
        began = time.perf_counter()
        for scope in wanted:
            credential.get_token(scope)
        return (time.perf_counter() - began) / len(wanted)

    return batch
