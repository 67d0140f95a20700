"""What an emulated host is told to answer, in place of what it would."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that was ordered.

    ``status`` 0 is none at all: the connection stays open, and silent.
    """

    status: int
    retry_after: str | None = None
    body: str | None = None


class Script:
    """The failures that are still to come, in order."""

    def __init__(self) -> None:
        self._failures: deque[Failure] = deque()
        self._lock = threading.Lock()
        self._end = threading.Event()

    def add(self, failure: Failure, times: int) -> None:
        """Order the failure so many times."""
        with self._lock:
            self._failures.extend([failure] * times)

    def next(self) -> Failure | None:
        """The failure that is due, or None."""
        with self._lock:
            return self._failures.popleft() if self._failures else None

    def clear(self) -> None:
        """Forget what was ordered, and let those go who wait."""
        with self._lock:
            self._failures.clear()
        self._end.set()
        self._end = threading.Event()

    def wait(self, seconds: float) -> None:
        """Keep a caller waiting."""
        self._end.wait(seconds)
