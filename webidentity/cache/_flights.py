"""Single-flight: when several callers want the same token at the same time, one of them requests it for all."""

import sys
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from azure.core.rest import HttpRequest

from webidentity._fork import renew_after_fork
from webidentity._protocol.effects import Flow, Owner, Send, Start, Wait
from webidentity._protocol.request_name import name_unanswered
from webidentity.errors import AuthorityUnavailableError

T = TypeVar("T")

#: The owner of a flow that has no thread or task yet.
_NO_OWNER: Owner = (0, None)
#: Seconds after which an event loop that does not run is taken for abandoned.
_IDLE_LOOP = 5.0


class Flight:
    """One acquisition in progress. Its leader runs it, and other callers wait for its outcome."""

    def __init__(self) -> None:
        # Imported by the first flight: many credentials of a chain never have one.
        from concurrent.futures import Future

        self.future: Future[None] = Future()
        # A running future cannot be cancelled: a waiter that gives up must not cancel the others.
        self.future.set_running_or_notify_cancel()
        self.owner: Owner = _NO_OWNER
        self._thread: threading.Thread | None = None
        self._idle_since: float | None = None
        self.take_over()
        self.value: Any = None
        self.error: Exception | None = None
        self.succeeded = False
        self.is_over = False
        self.successor: Flight | None = None
        #: The last request that was sent, if the flow runs beside its caller.
        self.request: HttpRequest | None = None

    def take_over(self) -> None:
        """Make the running thread or task the owner."""
        self._thread = threading.current_thread()
        self.owner = threading.get_ident(), _current_task()

    def adopt(self, owner: Owner) -> None:
        """Set the owner, before it runs."""
        self._thread, self.owner = None, owner

    def is_alive(self) -> bool:
        """Whether the leader can still complete: its event loop was not closed or abandoned, its thread runs."""
        task: Any = self.owner[1]
        if task is None or not hasattr(task, "get_loop"):
            return self._thread is None or self._thread.is_alive()
        loop = task.get_loop()
        if loop.is_closed() or task.done():
            return self.future.done()
        if loop.is_running():
            self._idle_since = None
            return True
        now = time.monotonic()
        if self._idle_since is None:
            self._idle_since = now
        return now - self._idle_since < _IDLE_LOOP

    def wait(self) -> Wait:
        """Return the effect that waits for the outcome."""
        return Wait(self.future, self.owner, self.is_alive)

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
        flight.take_over()
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

    def detach(self, key: Hashable, flight: Flight, flow: Flow[Any], *, awaited: bool) -> Flow[Any]:
        """Run the flow as the leader, so that it completes even if the caller is cancelled.

        :param awaited: whether the outcome is the value of the flow. Otherwise it is whether the flow will run.
        """
        flight.adopt(_NO_OWNER)
        led = self.lead(key, flight, _noting_requests(flight, flow))
        try:
            return (yield Start(led, awaited, flight.adopt, lambda: self.abandon(key, flight, None)))
        except AuthorityUnavailableError as error:
            name_unanswered(error, flight.request)
            raise

    def wait_for(self, key: Hashable, flight: Flight) -> Flow[bool]:
        """Wait for a flight. Return False if the caller cannot wait for it, because it leads the flight itself.

        A flight whose leader has disappeared is ended, as if the leader had been cancelled.
        """
        try:
            has_ended: bool = yield flight.wait()
        except AuthorityUnavailableError as error:
            name_unanswered(error, flight.request)
            raise
        if has_ended:
            return True
        if flight.is_alive():
            return False
        self.abandon(key, flight, None)
        return True

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
        if not (yield from self.wait_for(key, flight)):
            return None, (yield from begin())
        return flight, None

    def land(self, key: Hashable, flight: Flight, value: Any) -> None:
        """End the flight with a value for its waiters."""
        self._end(key, flight, value, None, succeeded=True)

    def abandon(self, key: Hashable, flight: Flight, error: Exception | None) -> None:
        """End the flight without a value: its leader failed, or was cancelled if ``error`` is None."""
        self._end(key, flight, None, error, succeeded=False)

    def _end(self, key: Hashable, flight: Flight, value: Any, error: Exception | None, *, succeeded: bool) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
            # A waiter may have ended the flight of a leader that seemed to have disappeared.
            if flight.is_over:
                return
            flight.is_over, flight.value, flight.error, flight.succeeded = True, value, error, succeeded
        flight.future.set_result(None)


def _noting_requests(flight: Flight, flow: Flow[T]) -> Flow[T]:
    """Run the flow, so that callers that stop waiting for it can say for which request they waited."""
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Send):
                flight.request = effect.request
            try:
                outcome = yield effect
            except GeneratorExit:
                flow.close()
                raise
            except BaseException as error:  # noqa: BLE001 - also an interrupt: the flow must clean up
                effect = flow.throw(error)
            else:
                effect = flow.send(outcome)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


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
