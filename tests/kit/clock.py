"""A clock that a test turns."""

import time


class Clock:
    """Replaces ``time.time``: runs on, can be put forward, and be stopped."""

    def __init__(self) -> None:
        self._real = time.time
        self._ahead = 0.0
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return (self._real() if self._stopped_at is None else self._stopped_at) + self._ahead

    def stop(self) -> None:
        """Let no more time pass than a test says: how long it runs itself must not count."""
        self._stopped_at = self._real()

    def advance(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._ahead += seconds
