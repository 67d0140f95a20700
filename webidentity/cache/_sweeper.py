"""Periodic removal of expired rows, beside the requests."""

import logging
import os
import threading

from webidentity._fork import renew_after_fork
from webidentity.cache._backing import Backing

_LOGGER = logging.getLogger(__name__)
THREAD_NAME = "webidentity-sweep"
#: Seconds over which the processes of a site spread their sweeps.
_SPREAD = 60.0
#: No backing asks for a later sweep than this (seconds).
_LONGEST_INTERVAL = 3600.0


class Sweeper:
    """Sweeps a backing from time to time, on a thread of its own that ends after the sweep.

    No caller waits for it, and it does not keep the program from ending. The first sweep is not started with the first
    change of a process, because all workers of a site start at the same time.
    """

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        #: Unix seconds; None before the first change of this process.
        self._due: float | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start again: the thread of the parent does not exist here, and other children start at the same time."""
        self._lock = threading.Lock()
        self._due = self._thread = None

    def start_if_due(self, now: float) -> None:
        """Start a sweep if it is due and none is running. Called after each change.

        :param now: the current time (Unix seconds).
        """
        due = self._due
        # A clock that was set back must not stop the sweeps.
        if due is not None and due - _LONGEST_INTERVAL <= now < due:
            return
        with self._lock:
            if self._due != due or (self._thread is not None and self._thread.is_alive()):
                return
            self._due = now + _spread()
            if due is None or now < due:
                return
            thread = self._new_thread(now)
            try:
                thread.start()
            except RuntimeError:
                # The program ends, or there are too many threads.
                return
            self._thread = thread

    def _new_thread(self, now: float) -> threading.Thread:
        return threading.Thread(target=self._sweep, args=(now,), name=THREAD_NAME, daemon=True)

    def wait(self, seconds: float) -> bool:
        """Wait for a sweep that is running. Return whether it has ended before the time is over."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _sweep(self, now: float) -> None:
        try:
            self._due = self._backing.sweep_if_due(now) + _spread()
        except Exception as error:  # noqa: BLE001 - a store may raise anything, and no caller waits for it
            _LOGGER.warning("Expired entries of the token cache could not be removed: %s", error)


def _spread() -> float:
    return _SPREAD * (1 + int.from_bytes(os.urandom(2))) / 0x10000
