"""What 64 callers cost that want the same token at the same moment: token requests, and the wait of the slowest."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contenders import ours, ours_aio, theirs, theirs_aio
from benchmarks.network import SCOPE, Network
from benchmarks.table import Row

CALLERS = 64
LATENCY = 0.05


def measure() -> list[Row]:
    """Return a row for threads and one for tasks."""
    return [
        _row(f"{CALLERS} threads, empty cache", _threads(theirs), _threads(ours)),
        _row(f"{CALLERS} tasks, empty cache", _tasks(theirs_aio), _tasks(ours_aio)),
    ]


def _threads(make: Callable[[Network], Any]) -> tuple[Network, float]:
    network = Network(LATENCY)
    credential = make(network)
    barrier = threading.Barrier(CALLERS + 1)

    def call() -> None:
        barrier.wait()
        credential.get_token(SCOPE)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return network, time.perf_counter() - began


def _tasks(make: Callable[[Network], Any]) -> tuple[Network, float]:
    network = Network(LATENCY)
    credential = make(network)

    async def calls() -> float:
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
    )


def _shown(network: Network, seconds: float) -> str:
    discovery = f" (+{network.other_requests})" if network.other_requests else ""
    return f"{network.token_requests}{discovery} in {seconds * 1000:.0f} ms"
