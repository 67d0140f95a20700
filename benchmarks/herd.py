"""Concurrent callers that need the same token: the number of token requests, and the wait of the slowest caller."""

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
from benchmarks.table import Comparison, target
from webidentity._transport.threads import BACKGROUND

CALLERS = 64
LATENCY = 0.05
#: The age of the cached token in seconds: there is none; it has expired; it is due for a refresh.
STATES: dict[str, float | None] = {"empty cache": None, "expired token": 3700.0, "refresh due": 3500.0}


def measure() -> list[Comparison]:
    """Compare threads and tasks for each state of the cache, and for a managed identity."""
    rows: list[Comparison] = []
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
        start = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        # This library renews a token that is still valid beside its callers.
        BACKGROUND.wait(20)
    return network, seconds


def _tasks(make: Callable[[Network], Any], age: float | None) -> tuple[Network, float]:
    network = Network()
    credential = make(network)

    async def calls() -> float:
        if age is not None:
            await credential.get_token(SCOPE)
        network.restart(LATENCY)
        with _later(age or 0.0):
            start = time.perf_counter()
            await asyncio.gather(*(credential.get_token(SCOPE) for _ in range(CALLERS)))
            seconds = time.perf_counter() - start
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            return seconds

    return network, asyncio.run(calls())


def _row(name: str, peer: tuple[Network, float], project: tuple[Network, float]) -> Comparison:
    return Comparison(
        name,
        peer=_shown(*peer),
        project=_shown(*project),
        ratio=f"{peer[0].token_requests / project[0].token_requests:.0f}x fewer requests",
        details=f"{LATENCY * 1000:.0f} ms latency; {peer[1] / project[1]:.1f}x faster",
        target=target(project[0].token_requests == 1, "1 request"),
    )


def _shown(network: Network, seconds: float) -> str:
    discovery = f" (+{network.other_requests} discovery)" if network.other_requests else ""
    return f"{network.token_requests} token requests{discovery}, {seconds * 1000:.0f} ms"
