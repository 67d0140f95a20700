"""Single-flight: when several callers want the same token at the same time, one of them requests it for all."""

import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from webidentity._fork import renew_after_fork
from webidentity._protocol.effects import Flow, Wait

T = TypeVar("T")


class Flight:
    """One acquisition in progress. Its leader runs it, and other callers wait for its outcome."""

    def __init__(self) -> None:
        # Imported by the first flight: many credentials of a chain never have one.
        from concurrent.futures import Future

        self.future: Future[None] = Future()
        # A running future cannot be cancelled: a waiter that gives up must not cancel the others.
        self.future.set_running_or_notify_cancel()
        self.owner: tuple[int, object] = (threading.get_ident(), _current_task())
        self.value: Any = None
        self.error: Exception | None = None
        self.succeeded = False
        self.successor: Flight | None = None

    def failure(self) -> Exception | None:
        """Return a copy of the leader's error. One exception raised in many threads would mix their tracebacks."""
        error = self.error
        if error is None:
            return None
        try:
            copied: Exception = type(error).__new__(type(error), *error.args)
        except Exception:  # noqa: BLE001 - a constructor may raise anything
            return error
        copied.args = error.args
        copied.__dict__.update(error.__dict__)
        return copied

    def check(self) -> None:
        """Raise the leader's error if it failed."""
        failure = self.failure()
        if failure is not None:
            raise failure


class Flights:
    """The acquisitions in progress in this process, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight] = {}
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Drop the parent's flights: the threads that lead them do not exist in the child."""
        self._flights, self._lock = {}, threading.Lock()

    def __reduce__(self) -> tuple[type["Flights"], tuple[()]]:
        """Pickle without flights: the threads that lead them exist in this process only."""
        return Flights, ()

    def join(self, key: Hashable) -> tuple[Flight, bool]:
        """Return the flight for the key, and whether the caller is its leader."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def retry(self, key: Hashable, failed: Flight) -> tuple[Flight, bool]:
        """Return the one flight that repeats a failed one, and whether the caller is its leader."""
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
        """Run the flow as the leader, and end the flight with its outcome, also when it is cancelled."""
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
        """Run the flow until ``is_done``; if another caller already runs it, wait for that one and return None.

        If the leader fails, all waiting callers get its error. If it is cancelled, one of them takes over.
        """
        while not is_done():
            other, value = yield from self._lead_or_wait(key, lambda: _unless(is_done, begin))
            if other is None:
                return value  # type: ignore[no-any-return]
            other.check()
        return None

    def alone(self, key: Hashable, begin: Callable[[], Flow[T]]) -> Flow[T]:
        """Run the flow when no other flow with this key is running. The caller gets the outcome of its own flow."""
        while True:
            other, value = yield from self._lead_or_wait(key, begin)
            if other is None:
                return value  # type: ignore[no-any-return]

    def share(self, key: Hashable, begin: Callable[[], Flow[T]]) -> Flow[T]:
        """Run the flow, or wait for another caller that already runs it. All of them get its value or its error.

        If the leader is cancelled, one of the waiting callers takes over. Nothing is cached: a later call runs the flow
        again.
        """
        while True:
            other, value = yield from self._lead_or_wait(key, begin)
            if other is None:
                return value  # type: ignore[no-any-return]
            if other.succeeded:
                return other.value  # type: ignore[no-any-return]
            other.check()

    def _lead_or_wait(self, key: Hashable, begin: Callable[[], Flow[Any]]) -> Flow[tuple[Flight | None, Any]]:
        """Run the flow and return its value; if another caller runs it, wait and return that caller's flight."""
        flight, leads = self.join(key)
        if leads:
            return None, (yield from self.lead(key, flight, begin()))
        if not (yield Wait(flight.future, flight.owner)):
            return None, (yield from begin())
        return flight, None

    def land(self, key: Hashable, flight: Flight, value: Any) -> None:
        """End the flight with a value for its waiters."""
        flight.value, flight.succeeded = value, True
        self._end(key, flight)

    def abandon(self, key: Hashable, flight: Flight, error: Exception | None) -> None:
        """End the flight without a value: its leader failed, or was cancelled if ``error`` is None."""
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
    # While another thread imports asyncio, the module is there and its functions are not. No task can be running then.
    current_task = getattr(sys.modules.get("asyncio"), "current_task", None)
    if current_task is None:
        return None
    try:
        task: object = current_task()
    except RuntimeError:
        return None
    return task
