"""The cache that programs of a user share: a file with 1,000 entries, and four processes that add tokens to it."""

import json
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import azure.identity

import webidentity
from benchmarks.interleaved import medians
from benchmarks.network import CLIENT, SCOPE, TENANT, Network
from benchmarks.table import Comparison, target

ENTRIES = 1000
PROCESSES, TOKENS = 4, 50
ROUNDS = 7
CALLS = 500
PACKAGES = {"peer": azure.identity, "project": webidentity}
#: What a process of its own has: its credential, and the barrier that all processes start at.
_PROCESS: dict[str, Any] = {}


def measure() -> list[Comparison]:
    """Compare both libraries, each with its own home folder and without encryption."""
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    return [*_one_process(), _together()]


@contextmanager
def _home() -> Iterator[Path]:
    before = os.environ.get("HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        try:
            yield Path(folder) / ".IdentityService" / "msal.cache.nocae"
        finally:
            if before is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = before


def _credential(package: Any, secret: str = "s3cret") -> Any:
    options = package.TokenCachePersistenceOptions(allow_unencrypted_storage=True)
    return package.ClientSecretCredential(
        TENANT, CLIENT, secret, transport=Network().transport(), cache_persistence_options=options
    )


def _fill(path: Path) -> None:
    """Write tokens of other programs to the file."""
    expires_on = str(int(time.time()) + 3000)
    base = {"credential_type": "AccessToken", "environment": "login.microsoftonline.com", "token_type": "Bearer"}
    entries = {
        f"{number}": {
            **base,
            "secret": "t" * 1700,
            "home_account_id": f"user-{number}",
            "client_id": "another",
            "realm": TENANT,
            "target": f"scope-{number}",
            "cached_at": "1",
            "expires_on": expires_on,
            "extended_expires_on": expires_on,
        }
        for number in range(ENTRIES)
    }
    path.parent.mkdir()
    path.write_text(json.dumps({"AccessToken": entries}))


def _one_process() -> list[Comparison]:
    cached: list[float] = []
    added: list[float] = []
    first: list[float] = []
    # One library after the other: the writes of one would slow down the writes of the other.
    for package in PACKAGES.values():
        with _home() as path:
            _fill(path)
            credential = _credential(package)
            credential.get_token(SCOPE)
            cached += medians([_cached(credential)], ROUNDS)
            first += medians([_first(package)], ROUNDS)
            added += medians([_added(credential)], ROUNDS)
    size = f"{ENTRIES:,} entries in the file"
    return [
        _row(f"cached get_token, {size}", cached, 1e6, "us"),
        _row(f"add a token, {size}", added, 1e3, "ms"),
        _row(f"first get_token of a new credential, {size}", first, 1e3, "ms"),
    ]


def _cached(credential: Any) -> Callable[[], float]:
    def batch() -> float:
        credential.get_token(SCOPE)  # another credential may have written the file
        start = time.perf_counter()
        for _ in range(CALLS):
            credential.get_token(SCOPE)
        return (time.perf_counter() - start) / CALLS

    return batch


def _added(credential: Any) -> Callable[[], float]:
    numbers = iter(range(10_000))

    def batch() -> float:
        scope = f"{SCOPE}{next(numbers)}"
        start = time.perf_counter()
        credential.get_token(scope)
        return time.perf_counter() - start

    return batch


def _first(package: Any) -> Callable[[], float]:
    def batch() -> float:
        credential = _credential(package)
        start = time.perf_counter()
        credential.get_token(SCOPE)
        return time.perf_counter() - start

    return batch


def _prepare(library: str, barrier: Any) -> None:
    """Import and construct everything that a token needs. Runs in each process, before the time that is measured."""
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
    logging.getLogger("msal_extensions").setLevel(logging.CRITICAL)
    credential = _credential(PACKAGES[library])
    credential.get_token(f"first-scope-{os.getpid()}")
    _PROCESS.update(credential=credential, barrier=barrier)


def _add(process: int) -> tuple[float, float, float]:
    """Add tokens. Return when the first was requested and the last was there, and the longest wait for one of them."""
    # Each process gets one of the tasks, because all of them wait here.
    _PROCESS["barrier"].wait(60)
    waits = []
    began = time.monotonic()
    for number in range(TOKENS):
        start = time.monotonic()
        _PROCESS["credential"].get_token(f"scope-{process}-{number}")
        waits.append(time.monotonic() - start)
    return began, time.monotonic(), max(waits)


def _together() -> Comparison:
    context = multiprocessing.get_context("spawn")
    seconds: dict[str, float] = {}
    shown: dict[str, str] = {}
    lost: dict[str, int] = {}
    for library in PACKAGES:
        barrier = context.Barrier(PROCESSES)
        with _home() as path, context.Pool(PROCESSES, _prepare, (library, barrier)) as pool:
            outcomes = [pool.apply_async(_add, (process,)) for process in range(PROCESSES)]
            times = [found for found in map(_result, outcomes) if found is not None]
            seconds[library] = max(end for _, end, _ in times) - min(began for began, _, _ in times)
            lost[library] = PROCESSES * (TOKENS + 1) - len(json.loads(path.read_text())["AccessToken"])
            failed = PROCESSES - len(times)
            shown[library] = (
                f"{seconds[library]:.1f} s, slowest {1e3 * max(wait for _, _, wait in times):.0f} ms, "
                f"{lost[library]} lost" + (f", {failed} processes failed" if failed else "")
            )
    return Comparison(
        f"{PROCESSES} processes add {TOKENS} tokens each",
        peer=shown["peer"],
        project=shown["project"],
        ratio=f"{seconds['peer'] / seconds['project']:.1f}x faster",
        details="lost tokens cost no time",
        target=target(lost["project"] == 0, "0 lost"),
    )


def _result(outcome: Any) -> tuple[float, float, float] | None:
    try:
        return outcome.get(300)
    except Exception:  # noqa: BLE001 - for example a lock that could not be acquired in time
        return None


def _row(name: str, measured: list[float], factor: float, unit: str) -> Comparison:
    peer, project = (factor * median for median in measured)
    return Comparison(
        name,
        peer=f"{peer:.2f} {unit}",
        project=f"{project:.2f} {unit}",
        ratio=f"{peer / project:.1f}x faster",
    )
