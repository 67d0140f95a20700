"""Measuring in turns, so that a noisy moment of the machine is everybody's."""

import statistics
from collections.abc import Callable, Sequence


def medians(batches: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Return the median of each batch's results."""
    taken: list[list[float]] = [[] for _ in batches]
    for _ in range(rounds):
        for batch, results in zip(batches, taken, strict=True):
            results.append(batch())
    return [statistics.median(results) for results in taken]
