"""What a cached get_token costs: microseconds, and how many times the floor."""

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contenders import AsyncFloor, Floor, ours, ours_aio, theirs, theirs_aio
from benchmarks.network import SCOPE, Network
from benchmarks.table import Row

ROUNDS = 15
CALLS = 2000


def measure() -> list[Row]:
    """Return a row for each method, sync and async."""
    rows: list[Row] = []
    for method in ("get_token", "get_token_info"):
        contenders = [theirs(Network()), ours(Network()), Floor()]
        rows.append(_row(f"cached {method}", _interleaved([_sync(each, method) for each in contenders])))
    for method in ("get_token", "get_token_info"):
        loop = asyncio.new_event_loop()
        awaited = [theirs_aio(Network()), ours_aio(Network()), AsyncFloor()]
        rows.append(_row(f"cached {method}, aio", _interleaved([_async(each, method, loop) for each in awaited])))
        loop.close()
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


def _interleaved(batches: list[Callable[[], float]]) -> list[float]:
    """Return the median of each, measured in turns, so that a noisy moment is everybody's."""
    times: list[list[float]] = [[] for _ in batches]
    for _ in range(ROUNDS):
        for batch, taken in zip(batches, times, strict=True):
            taken.append(batch())
    return [statistics.median(taken) for taken in times]


def _row(name: str, medians: list[float]) -> Row:
    peer, project, floor = (1e6 * median for median in medians)
    return Row(
        name,
        peer=f"{peer:.2f} us",
        project=f"{project:.2f} us",
        ratio=f"{peer / project:.1f}x faster",
        note=f"floor {floor:.2f} us: peer {peer / floor:.1f}x, project {project / floor:.1f}x",
    )
