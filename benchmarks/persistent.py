"""The cache that a user's programs share: a file with a thousand entries, and four processes that add to it at once."""

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
from benchmarks.table import Row, bar

ENTRIES = 1000
PROCESSES, TOKENS = 4, 50
ROUNDS = 7
CALLS = 500
PACKAGES = {"peer": azure.identity, "project": webidentity}


def measure() -> list[Row]:
    """Return the rows; each library has a home folder of its own, and nothing is encrypted."""
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
    """Write what other programs have there."""
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


def _one_process() -> list[Row]:
    cached: list[float] = []
    added: list[float] = []
    begun: list[float] = []
    # One after the other: what one of them has written is still on its way to the disk while the other one writes.
    for package in PACKAGES.values():
        with _home() as path:
            _fill(path)
            credential = _credential(package)
            credential.get_token(SCOPE)
            cached += medians([_cached(credential)], ROUNDS)
            begun += medians([_begun(package)], ROUNDS)
            added += medians([_added(credential)], ROUNDS)
    held = f"{ENTRIES:,} entries in the file"
    return [
        _row(f"cached get_token, {held}", cached, 1e6, "us"),
        _row(f"a token is added, {held}", added, 1e3, "ms"),
        _row(f"the first token of a new credential is there, {held}", begun, 1e3, "ms"),
    ]


def _cached(credential: Any) -> Callable[[], float]:
    def batch() -> float:
        credential.get_token(SCOPE)  # somebody else may have written since
        began = time.perf_counter()
        for _ in range(CALLS):
            credential.get_token(SCOPE)
        return (time.perf_counter() - began) / CALLS

    return batch


def _added(credential: Any) -> Callable[[], float]:
    numbers = iter(range(10_000))

    def batch() -> float:
        scope = f"{SCOPE}{next(numbers)}"
        began = time.perf_counter()
        credential.get_token(scope)
        return time.perf_counter() - began

    return batch


def _begun(package: Any) -> Callable[[], float]:
    def batch() -> float:
        credential = _credential(package)
        began = time.perf_counter()
        credential.get_token(SCOPE)
        return time.perf_counter() - began

    return batch


def _add(library: str, process: int) -> None:
    """Add tokens, from a process of its own."""
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
    logging.getLogger("msal_extensions").setLevel(logging.CRITICAL)
    credential = _credential(PACKAGES[library])
    for number in range(TOKENS):
        credential.get_token(f"scope-{process}-{number}")


def _together() -> Row:
    context = multiprocessing.get_context("spawn")
    seconds: dict[str, float] = {}
    lost: dict[str, str] = {}
    for library in PACKAGES:
        with _home() as path, context.Pool(PROCESSES) as pool:
            pool.map(time.sleep, [0.0] * PROCESSES, chunksize=1)
            began = time.perf_counter()
            outcomes = [pool.apply_async(_add, (library, process)) for process in range(PROCESSES)]
            failed = sum(not _succeeds(outcome) for outcome in outcomes)
            seconds[library] = time.perf_counter() - began
            missing = PROCESSES * TOKENS - len(json.loads(path.read_text())["AccessToken"])
            lost[library] = f"{missing} lost" + (f", {failed} processes failed" if failed else "")
    return Row(
        f"{PROCESSES} processes add {TOKENS} tokens each",
        peer=f"{seconds['peer']:.1f} s, {lost['peer']}",
        project=f"{seconds['project']:.1f} s, {lost['project']}",
        ratio=f"{seconds['peer'] / seconds['project']:.1f}x faster",
        note="what is lost took no time to write",
        bar=bar(lost["project"] == "0 lost", "0 lost"),
    )


def _succeeds(outcome: Any) -> bool:
    try:
        outcome.get(300)
    except Exception:  # noqa: BLE001 - a lock that was not had in time, among others
        return False
    return True


def _row(name: str, measured: list[float], factor: float, unit: str) -> Row:
    peer, project = (factor * median for median in measured)
    return Row(
        name,
        peer=f"{peer:.2f} {unit}",
        project=f"{project:.2f} {unit}",
        ratio=f"{peer / project:.1f}x faster",
        note="",
        bar="",
    )
