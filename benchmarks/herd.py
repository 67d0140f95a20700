"""What 64 callers cost that want the same token at the same moment: token requests, and the wait of the slowest."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

from benchmarks.contenders import (
    ours,
    ours_aio,
    ours_managed,
    ours_managed_aio,
    theirs,
    theirs_aio,
    theirs_managed,
    theirs_managed_aio,
)
from benchmarks.network import SCOPE, Network
from benchmarks.table import Row, bar

CALLERS = 64
LATENCY = 0.05
#: Seconds that have passed since the token was had: none was; it has expired; it is in its refresh window.
STATES: dict[str, float | None] = {"empty cache": None, "expired token": 3700.0, "refresh window": 3500.0}


def measure() -> list[Row]:
    """Return a row for threads and one for tasks, for each state of the cache, and for a managed identity."""
    rows: list[Row] = []
    for state, age in STATES.items():
        rows += [
            _row(f"{CALLERS} threads, {state}", _threads(theirs, age), _threads(ours, age)),
            _row(f"{CALLERS} tasks, {state}", _tasks(theirs_aio, age), _tasks(ours_aio, age)),
        ]
    managed = "managed identity, empty cache"
    return [
        *rows,
        _row(f"{CALLERS} threads, {managed}", _threads(theirs_managed, None), _threads(ours_managed, None)),
        _row(f"{CALLERS} tasks, {managed}", _tasks(theirs_managed_aio, None), _tasks(ours_managed_aio, None)),
    ]


def _later(seconds: float) -> Any:
    real = time.time

    def later() -> float:
        return real() + seconds

    return mock.patch("time.time", later)


def _threads(make: Callable[[Network], Any], age: float | None) -> tuple[Network, float]:
    network = Network()
    credential = make(network)
    if age is not None:
        credential.get_token(SCOPE)
    network.restart(LATENCY)
    barrier = threading.Barrier(CALLERS + 1)

    def call() -> None:
        barrier.wait()
        credential.get_token(SCOPE)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    with _later(age or 0.0):
        for thread in threads:
            thread.start()
        barrier.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
    return network, time.perf_counter() - began


def _tasks(make: Callable[[Network], Any], age: float | None) -> tuple[Network, float]:
    network = Network()
    credential = make(network)

    async def calls() -> float:
        if age is not None:
            await credential.get_token(SCOPE)
        network.restart(LATENCY)
        with _later(age or 0.0):
            began = time.perf_counter()
            await asyncio.gather(*(credential.get_token(SCOPE) for _ in range(CALLERS)))
            return time.perf_counter() - began

    return network, asyncio.run(calls())


def _row(name: str, peer: tuple[Network, float], project: tuple[Network, float]) -> Row:
    return Row(
        name,
        peer=_shown(*peer),
        project=_shown(*project),
        ratio=f"{peer[0].token_requests / project[0].token_requests:.0f}x fewer requests",
        note=f"{LATENCY * 1000:.0f} ms for each request; wall time {peer[1] / project[1]:.1f}x",
        bar=bar(project[0].token_requests == 1, "1 request"),
    )


def _shown(network: Network, seconds: float) -> str:
    discovery = f" (+{network.other_requests})" if network.other_requests else ""
    return f"{network.token_requests}{discovery} in {seconds * 1000:.0f} ms"
