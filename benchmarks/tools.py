"""The cost of a token of the Azure CLI besides its process, and the processes that concurrent callers start."""

import asyncio
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import azure.identity
import azure.identity.aio

import webidentity
import webidentity.aio
from benchmarks.interleaved import medians
from benchmarks.network import SCOPE
from benchmarks.table import Comparison, target

ROUNDS = 31
CALLERS = 64


def measure() -> list[Comparison]:
    """Compare sync and async calls, and concurrent callers."""
    with _fake_az() as runs:
        rows = [
            _row("az, sync", _sync(azure.identity), _sync(webidentity)),
            _row("az, aio", _aio(azure.identity.aio), _aio(webidentity.aio)),
        ]
        return [*rows, _herd(runs)]


@contextmanager
def _fake_az() -> Iterator[Path]:
    """Put a fake az on PATH. It replies at once and adds a line to the file that is yielded."""
    with tempfile.TemporaryDirectory() as folder:
        runs, program = Path(folder, "runs"), Path(folder, "az")
        answer = json.dumps({"accessToken": "t" * 1700, "expires_on": int(time.time()) + 3600})
        program.write_text(f"#!/bin/sh\necho run >> '{runs}'\necho '{answer}'\n")
        program.chmod(0o755)
        with mock.patch.dict(os.environ, {"PATH": folder}):
            yield runs


def _sync(package: Any) -> Callable[[], float]:
    credential = package.AzureCliCredential()

    def call() -> float:
        start = time.perf_counter()
        credential.get_token(SCOPE)
        return time.perf_counter() - start

    return call


def _aio(package: Any) -> Callable[[], float]:
    credential = package.AzureCliCredential()

    async def timed() -> float:
        start = time.perf_counter()
        await credential.get_token(SCOPE)
        return time.perf_counter() - start

    return lambda: asyncio.run(timed())


def _row(name: str, peer: Callable[[], float], project: Callable[[], float]) -> Comparison:
    times = medians([peer, project], ROUNDS)
    return Comparison(
        name,
        peer=f"{1e3 * times[0]:.1f} ms",
        project=f"{1e3 * times[1]:.1f} ms",
        ratio=f"{times[0] / times[1]:.2f}x faster",
        details="get_token with a shell script as az, wall-clock time",
    )


def _herd(runs: Path) -> Comparison:
    processes, waits = [], []
    for package in (azure.identity, webidentity):
        runs.write_text("")
        waits.append(_together(package.AzureCliCredential()))
        processes.append(len(runs.read_text().splitlines()))
    return Comparison(
        f"{CALLERS} threads, az",
        peer=f"{processes[0]} processes, {1e3 * waits[0]:.0f} ms",
        project=f"{processes[1]} processes, {1e3 * waits[1]:.0f} ms",
        ratio=f"{processes[0] / processes[1]:.0f}x fewer processes",
        details="wait of the slowest caller",
        target=target(processes[1] < processes[0], "fewer processes"),
    )


def _together(credential: Any) -> float:
    barrier = threading.Barrier(CALLERS + 1)

    def call() -> None:
        barrier.wait()
        credential.get_token(SCOPE)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start
