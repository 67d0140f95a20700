"""Single-flight in detail: which caller leads, which ones wait, and what they get."""

import asyncio
import pickle
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Self

import pytest
from azure.core.rest import HttpRequest

from tests.kit.drivers import Driver
from webidentity._protocol.effects import Flow, Send, Sleep, Start, Wait
from webidentity._protocol.request_name import HEADER
from webidentity.cache import _flights as module
from webidentity.cache._flights import Flight, Flights
from webidentity.errors import AuthorityUnavailableError


def returns(value: str) -> Flow[str]:
    """A flow with that value."""
    yield Sleep(0)
    return value


def joined_by_a_thread(flights: Flights) -> Flight:
    """Return a flight whose leader is a thread that has ended."""
    joined: list[Flight] = []
    thread = threading.Thread(target=lambda: joined.append(flights.join("key")[0]))
    thread.start()
    thread.join()
    return joined[0]


def test_a_caller_does_not_wait_for_the_flight_that_it_leads(driver: Driver) -> None:
    """Waiting would never end. The flight continues for the other waiters."""
    flights = Flights()

    def flow() -> Flow[tuple[bool, bool]]:
        flight, _ = flights.join("key")
        waited = yield from flights.wait_for("key", flight)
        return waited, flight.is_over

    assert driver.run(flow()) == (False, False)


def test_a_leader_that_needs_its_own_value_runs_the_flow_again(driver: Driver) -> None:
    """A token request can cause another request of the same token, for example through a callback."""
    flights = Flights()

    def outer() -> Flow[str]:
        inner = yield from flights.share("key", lambda: returns("inner"))
        return f"outer of {inner}"

    assert driver.run(flights.share("key", outer)) == "outer of inner"


def test_the_flight_of_a_leader_that_disappeared_is_ended(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The waiter continues as after any other failure, and the next caller leads."""
    monkeypatch.setattr("webidentity._transport.driver._WAIT", 0.01)
    flights = Flights()
    flight = joined_by_a_thread(flights)
    assert driver.run(flights.wait_for("key", flight)) is True
    assert flight.is_over
    assert flights.join("key")[1] is True


def test_a_failed_flight_is_retried_once() -> None:
    """A waiter that wakes up late gets the outcome of the retry, even if the retry is over."""
    flights = Flights()
    failed, _ = flights.join("key")
    flights.abandon("key", failed, OSError("reset"))
    retried, leads = flights.retry("key", failed)
    assert leads
    assert flights.join("key") == (retried, False)
    flights.land("key", retried, "value")
    assert flights.retry("key", failed) == (retried, False)


def test_a_flight_that_started_after_the_failure_is_the_retry() -> None:
    """A new caller may be faster than the waiters. They wait for it and send no request of their own."""
    flights = Flights()
    failed, _ = flights.join("key")
    flights.abandon("key", failed, OSError("reset"))
    another, _ = flights.join("key")
    assert flights.retry("key", failed) == (another, False)
    assert flights.join("key") == (another, False)


def test_flows_that_run_alone_run_one_after_another(driver: Driver) -> None:
    """Each caller gets the outcome of its own flow: a user who signs in twice sees one page at a time."""
    flights, running, most = Flights(), list[int](), list[int]()

    def begin(number: int) -> Flow[int]:
        running.append(number)
        most.append(len(running))
        yield Sleep(0.02)
        running.remove(number)
        return number

    def flow(number: int) -> Any:
        return driver.start(flights.alone("key", lambda: begin(number)))

    assert driver.together([lambda number=number: flow(number) for number in range(3)]) == [0, 1, 2]
    assert most == [1, 1, 1]


def test_a_shared_error_reaches_the_waiters() -> None:
    """They do not run the flow again: its request would fail in the same way."""
    flights = Flights()
    flight, _ = flights.join("key")
    waiter = flights.share("key", lambda: pytest.fail("the flow runs again"))
    assert isinstance(next(waiter), Wait)
    flights.abandon("key", flight, OSError("declined"))
    with pytest.raises(OSError, match="declined"):
        waiter.send(True)


def test_a_leader_checks_again_whether_the_work_is_done(driver: Driver) -> None:
    """Another caller may have completed it between the check and the start of the flight."""
    answers = iter([False, True])
    assert driver.run(Flights().once("key", lambda: next(answers), lambda: pytest.fail("done twice"))) is None


def test_an_error_that_cannot_be_copied_is_raised_itself() -> None:
    """A class may require arguments that the exception does not have any more."""

    class RefusedError(Exception):
        def __new__(cls, *, code: int) -> Self:
            return super().__new__(cls, code)

        def __init__(self, *, code: int) -> None:
            super().__init__(code)

    flights, error = Flights(), RefusedError(code=1)
    flight, _ = flights.join("key")
    flights.abandon("key", flight, error)
    assert flight.failure() is error


def test_flights_are_pickled_empty() -> None:
    """The threads that lead them do not exist in another process, so no caller there may wait for them."""
    flights = Flights()
    flights.join("key")
    assert pickle.loads(pickle.dumps(flights)).join("key")[1] is True


def test_the_thread_that_runs_the_flow_leads(driver: Driver) -> None:
    """The thread that started the flight may end before: the waiters still wait for the flow."""
    flights = Flights()
    flight = joined_by_a_thread(flights)
    assert not flight.is_alive()

    def flow() -> Flow[tuple[bool, int]]:
        yield Sleep(0)
        return flight.is_alive(), flight.owner[0]

    assert driver.run(flights.lead("key", flight, flow())) == (True, threading.get_ident())


def test_a_detached_flight_does_not_belong_to_its_caller() -> None:
    """The caller can wait for it like all others, and may end before the worker starts."""
    flights = Flights()
    flight, _ = flights.join("key")
    assert flight.owner[0] == threading.get_ident()
    assert isinstance(next(flights.detach("key", flight, returns("value"), awaited=False)), Start)
    assert flight.owner[0] != threading.get_ident()
    other = joined_by_a_thread(Flights())
    next(flights.detach("key", other, returns("value"), awaited=False))
    assert other.is_alive()


class Request:
    """A flight whose worker sends a request, and how its flow ends."""

    def __init__(self) -> None:
        self.flights = Flights()
        self.flight, _ = self.flights.join("key")
        self.steps: list[str] = []
        # Kept here, so that it is not closed as garbage.
        self.flow = self._send()
        self.caller = self.flights.detach("key", self.flight, self.flow, awaited=True)
        started = next(self.caller)
        assert isinstance(started, Start)
        self.worker = started.flow
        next(self.worker)

    def _send(self) -> Flow[str]:
        try:
            yield Send(HttpRequest("POST", "https://authority.example/token", headers={HEADER: "the-id"}))
            yield Sleep(0)
        except GeneratorExit:
            self.steps.append("closed")
            raise
        return "value"


@pytest.mark.parametrize("role", ["caller", "waiter"])
def test_a_caller_that_stops_waiting_learns_the_id_of_the_request(role: str) -> None:
    """Microsoft's support finds the request that was not answered by its ID."""
    request = Request()
    # After the request, the flow does something else.
    request.worker.send(None)
    caller: Flow[Any] = request.caller
    if role == "waiter":
        caller = request.flights.wait_for("key", request.flight)
        next(caller)
    error = AuthorityUnavailableError("no answer", retry_after=1)
    with pytest.raises(AuthorityUnavailableError) as raised:
        caller.throw(error)
    assert raised.value is error
    assert error.correlation_id == "the-id"


def test_a_worker_that_is_closed_closes_its_flow() -> None:
    """The flow releases what it holds, and the callers continue as after a cancelled leader."""
    request = Request()
    request.worker.close()
    assert request.steps == ["closed"]
    assert (request.flight.is_over, request.flight.succeeded, request.flight.error) == (True, False, None)


def test_a_task_of_an_unknown_kind_is_waited_for() -> None:
    """Whether it still runs cannot be asked."""
    flight, _ = Flights().join("key")
    flight.adopt((threading.get_ident(), object()))
    assert flight.is_alive()


class Loop:
    """An event loop, the flight that one of its tasks leads, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.loop = asyncio.new_event_loop()
        self.flights = Flights()
        self.flight, self.task = self.loop.run_until_complete(self._start())

    async def _start(self) -> "tuple[Flight, asyncio.Task[None]]":
        joined: list[Flight] = []

        async def lead() -> None:
            joined.append(self.flights.join("key")[0])
            await asyncio.Event().wait()

        task = asyncio.create_task(lead())
        await asyncio.sleep(0)
        return joined[0], task

    def run(self) -> bool:
        """Run the loop for a moment, and return whether the leader is alive meanwhile."""

        async def ask() -> bool:
            return self.flight.is_alive()

        return self.loop.run_until_complete(ask())

    def cancel(self) -> None:
        """End the task without ending the flight, as an interpreter that shuts down does."""
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    """A loop with a leading task. It does not run, except in ``run``."""
    made = Loop()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: made.now))
    yield made
    if not made.loop.is_closed():
        made.cancel()
        made.loop.close()


def test_a_loop_that_pauses_is_waited_for(loop: Loop) -> None:
    """A program may run its loop from time to time. Only a long pause counts as its end."""
    assert loop.flight.is_alive()
    loop.now += module._IDLE_LOOP * 0.9
    assert loop.flight.is_alive()
    assert loop.run()
    loop.now += module._IDLE_LOOP * 0.9
    assert loop.flight.is_alive()
    loop.now += module._IDLE_LOOP * 1.1
    assert not loop.flight.is_alive()
    assert loop.run()


def test_a_task_that_ended_is_not_waited_for(loop: Loop) -> None:
    """It was cancelled in a way that its flow did not notice."""
    loop.cancel()
    assert not loop.flight.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_closed_loop_is_not_waited_for(loop: Loop) -> None:
    """Not even for a short time: a closed loop never runs again."""
    loop.loop.close()
    assert not loop.flight.is_alive()


def test_an_outcome_is_not_lost_when_the_loop_ends(loop: Loop) -> None:
    """A waiter that notices the end of the loop and the outcome at the same time uses the outcome."""
    loop.flights.land("key", loop.flight, "value")
    loop.cancel()
    assert loop.flight.is_alive()
