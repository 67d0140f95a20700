"""Single-flight: of the callers that want the same token at the same time, one asks for it."""

import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from webidentity._fork import renew_after_fork
from webidentity._protocol.effects import Flow, Wait

T = TypeVar("T")


class Flight:
    """One acquisition under way, which others may wait for."""

    def __init__(self) -> None:
        # Loaded by the first flight: a credential of a chain may never have one.
        from concurrent.futures import Future

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

    def check(self) -> None:
        """Raise the leader's error, if it failed."""
        failure = self.failure()
        if failure is not None:
            raise failure


class Flights:
    """The acquisitions under way in this process, by what they are for."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight] = {}
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Forget the parent's flights: their leaders are not here."""
        self._flights, self._lock = {}, threading.Lock()

    def __reduce__(self) -> tuple[type["Flights"], tuple[()]]:
        """Pickle without flights: their leaders are not there."""
        return Flights, ()

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

    def lead(self, key: Hashable, flight: Flight, flow: Flow[T]) -> Flow[T]:
        """Run the flow that the others wait for, and end the flight whatever happens."""
        try:
            value = yield from flow
        except Exception as error:
            self.abandon(key, flight, error)
            raise
        except BaseException:
            self.abandon(key, flight, None)
            raise
        self.land(key, flight, value)
        return value

    def once(self, key: Hashable, is_done: Callable[[], bool], begin: Callable[[], Flow[T]]) -> Flow[T | None]:
        """Run the flow unless another caller does: then wait for it, and return None once it is done.

        All who wait get the error of the one who failed; after one who was cancelled, the next begins anew.
        """
        while not is_done():
            other, value = yield from self._lead_or_wait(key, lambda: _unless(is_done, begin))
            if other is None:
                return value  # type: ignore[no-any-return]
            other.check()
        return None

    def alone(self, key: Hashable, begin: Callable[[], Flow[T]]) -> Flow[T]:
        """Run the flow when no other with this key is under way; its own value or error is the caller's."""
        while True:
            other, value = yield from self._lead_or_wait(key, begin)
            if other is None:
                return value  # type: ignore[no-any-return]

    def share(self, key: Hashable, begin: Callable[[], Flow[T]]) -> Flow[T]:
        """Run the flow, or wait for the caller who already runs it; all of them get its value, or its error.

        After one who was cancelled, the next begins anew. Nothing is kept: a call that comes later asks again.
        """
        while True:
            other, value = yield from self._lead_or_wait(key, begin)
            if other is None:
                return value  # type: ignore[no-any-return]
            if other.succeeded:
                return other.value  # type: ignore[no-any-return]
            other.check()

    def _lead_or_wait(self, key: Hashable, begin: Callable[[], Flow[Any]]) -> Flow[tuple[Flight | None, Any]]:
        """Run the flow and return its value; if another caller runs one, wait for that and return its flight."""
        flight, leads = self.join(key)
        if leads:
            return None, (yield from self.lead(key, flight, begin()))
        if not (yield Wait(flight.future, flight.owner)):
            return None, (yield from begin())
        return flight, None

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


def _unless(is_done: Callable[[], bool], begin: Callable[[], Flow[T]]) -> Flow[T | None]:
    return None if is_done() else (yield from begin())


def _current_task() -> object | None:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        task: object = asyncio.current_task()
    except RuntimeError:
        return None
    return task
