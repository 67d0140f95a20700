"""Measurements that take turns, so that a slow moment of the machine affects all of them."""

import statistics
from collections.abc import Callable, Sequence


def medians(batches: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Call each batch once per round, and return the median result of each."""
    results: list[list[float]] = [[] for _ in batches]
    for _ in range(rounds):
        for batch, measured in zip(batches, results, strict=True):
            measured.append(batch())
    return [statistics.median(measured) for measured in results]
