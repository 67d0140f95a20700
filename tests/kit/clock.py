"""A clock that a test controls."""

import time


class Clock:
    """Replaces ``time.time``. It runs, and can be advanced or stopped."""

    def __init__(self) -> None:
        self._real = time.time
        self._ahead = 0.0
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return (self._real() if self._stopped_at is None else self._stopped_at) + self._ahead

    def stop(self) -> None:
        """Stop the clock, so that the duration of the test does not matter."""
        self._stopped_at = self._real()

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self._ahead += seconds
