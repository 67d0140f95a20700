"""A clock that a test turns."""

import time


class Clock:
    """Replaces ``time.time``: runs on, and can be put forward."""

    def __init__(self) -> None:
        self._real = time.time
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._real() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._ahead += seconds
