"""Single-flight: of the callers that want the same token at the same time, one asks for it."""

import sys
import threading
from collections.abc import Hashable
from concurrent.futures import Future
from typing import Any

from webidentity.fork import renew_after_fork


class Flight:
    """One acquisition under way, which others may wait for."""

    def __init__(self) -> None:
        self.future: Future[None] = Future()
        # Running futures cannot be cancelled: a waiter that gives up must not take the others with it.
        self.future.set_running_or_notify_cancel()
        self.owner = (threading.get_ident(), _current_task())
        self.value: Any = None
        self.error: Exception | None = None
        self.succeeded = False
        self.successor: Flight | None = None

    def failure(self) -> Exception | None:
        """Return a copy of the leader's error: one exception raised in many threads mixes their tracebacks."""
        error = self.error
        if error is None:
            return None
        try:
            copied: Exception = type(error).__new__(type(error), *error.args)
        except Exception:  # noqa: BLE001 - whatever a constructor wants
            return error
        copied.args = error.args
        copied.__dict__.update(error.__dict__)
        return copied


class Flights:
    """The acquisitions under way in this process, by what they are for."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight] = {}
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Forget the parent's flights: their leaders are not here."""
        self._flights, self._lock = {}, threading.Lock()

    def join(self, key: Hashable) -> tuple[Flight, bool]:
        """Return the flight for the key, and whether the caller leads it."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def retry(self, key: Hashable, failed: Flight) -> tuple[Flight, bool]:
        """Return the one flight that follows a failed one, and whether the caller leads it."""
        with self._lock:
            if failed.successor is not None:
                return failed.successor, False
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Flight()
            failed.successor = flight
            return flight, leads

    def land(self, key: Hashable, flight: Flight, value: Any) -> None:
        """Give the flight's waiters the value."""
        flight.value, flight.succeeded = value, True
        self._end(key, flight)

    def abandon(self, key: Hashable, flight: Flight, error: Exception | None) -> None:
        """End the flight without a value: its leader failed, or was cancelled if there is no error."""
        flight.error = error
        self._end(key, flight)

    def _end(self, key: Hashable, flight: Flight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.future.set_result(None)


def _current_task() -> object | None:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        task: object = asyncio.current_task()
    except RuntimeError:
        return None
    return task
