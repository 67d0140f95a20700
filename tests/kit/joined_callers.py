"""Callers that share one acquisition: a reply may wait until all of them take part, so that none comes late."""

import threading
from collections import Counter
from collections.abc import Callable, Hashable

import pytest

from webidentity.cache._flights import Flight, Flights

#: The type of the fixture ``all_joined``.
AllJoined = Callable[[int], Callable[[], None]]


def until_joined(callers: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that waits until so many callers lead or follow the same acquisition."""
    counts: Counter[tuple[int, Hashable]] = Counter()
    lock, all_joined, join = threading.Lock(), threading.Event(), Flights.join

    def counted(flights: Flights, key: Hashable) -> tuple[Flight, bool]:
        joined = join(flights, key)
        with lock:
            counts[id(flights), key] += 1
            if counts[id(flights), key] >= callers:
                all_joined.set()
        return joined

    def wait() -> None:
        assert all_joined.wait(20), f"only {max(counts.values(), default=0)} of {callers} callers take part"

    monkeypatch.setattr(Flights, "join", counted)
    return wait
