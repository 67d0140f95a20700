"""The contract between drivers and flows."""

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest
from azure.core.rest import HttpRequest

from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from webidentity._protocol.effects import Call, Flow, Send, Sleep, Wait
from webidentity._transport.driver import AsyncDriver
from webidentity.cache._flights import Flights

REQUEST = HttpRequest("GET", "https://tenant.test/")


def test_a_flow_receives_outcomes_and_returns_a_value(driver: Driver) -> None:
    """The outcome of an effect is the value of its yield; the driver returns the value of the flow."""

    def flow() -> Flow[list[Any]]:
        first = yield Send(REQUEST)
        second = yield Call(lambda: "called")
        return [first, second]

    assert driver.run(flow(), lambda request: f"sent {request.url}") == ["sent https://tenant.test/", "called"]


@pytest.mark.parametrize("blocking", [False, True])
def test_an_error_is_raised_at_the_yield(driver: Driver, blocking: bool) -> None:
    """A flow catches errors of its effects like any function."""

    def fail() -> None:
        raise OSError("disk")

    def flow() -> Flow[str]:
        try:
            yield Call(fail, blocking=blocking)
        except OSError as error:
            return f"caught {error}"
        return "missed"

    assert driver.run(flow()) == "caught disk"


def test_a_transport_error_is_raised_at_the_yield(driver: Driver) -> None:
    """Errors of sending are raised there too."""

    def send(_: HttpRequest) -> None:
        raise OSError("network")

    def flow() -> Flow[str]:
        with pytest.raises(OSError, match="network"):
            yield Send(REQUEST)
        value: str = yield Call(lambda: "went on")
        return value

    assert driver.run(flow(), send) == "went on"


def test_an_uncaught_error_reaches_the_caller_after_cleaning_up(driver: Driver) -> None:
    """The same exception object, after the flow's ``finally``."""
    closed: list[str] = []
    failure = OSError("network")

    def send(_: HttpRequest) -> None:
        raise failure

    def flow() -> Flow[None]:
        try:
            yield Send(REQUEST)
        finally:
            closed.append("closed")

    with pytest.raises(OSError, match="network") as caught:
        driver.run(flow(), send)
    assert caught.value is failure
    assert closed == ["closed"]


def test_stop_iteration_of_an_effect_is_an_error(driver: Driver) -> None:
    """It is not mistaken for the end of the flow."""

    def fail() -> None:
        raise StopIteration("not a value")

    def flow() -> Flow[str]:
        yield Call(fail)
        return "done"

    with pytest.raises(RuntimeError):
        driver.run(flow())


def test_awaitable_outcomes_are_awaited() -> None:
    """The async driver awaits a call that is a coroutine function."""

    async def answer() -> str:
        await asyncio.sleep(0)
        return "awaited"

    def flow() -> Flow[str]:
        value: str = yield Call(answer)
        return value

    async def send(_: HttpRequest) -> None: ...

    assert asyncio.run(AsyncDriver(send).run(flow())) == "awaited"


def test_blocking_calls_do_not_block_the_event_loop() -> None:
    """A blocking call runs on a different thread, any other call on the thread of the loop."""
    threads: list[int] = []

    def flow() -> Flow[None]:
        yield Call(lambda: threads.append(threading.get_ident()), blocking=True)
        yield Call(lambda: threads.append(threading.get_ident()))

    async def send(_: HttpRequest) -> None: ...

    async def main() -> int:
        await AsyncDriver(send).run(flow())
        return threading.get_ident()

    loop_thread = asyncio.run(main())
    assert threads[0] != loop_thread
    assert threads[1] == loop_thread


def test_a_cancelled_task_closes_its_flow() -> None:
    """Cancellation is raised at the yield, and the flow cleans up."""
    seen: list[object] = []

    def flow() -> Flow[None]:
        try:
            yield Send(REQUEST)
        except BaseException as error:
            seen.append(type(error))
            raise
        finally:
            seen.append("closed")

    async def never(_: HttpRequest) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(AsyncDriver(never).run(flow()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == [asyncio.CancelledError, "closed"]


def test_waiting_for_a_flow_of_the_same_thread_or_task_is_refused(driver: Driver) -> None:
    """The outcome is False instead of a deadlock."""

    def flow() -> Flow[bool]:
        flight, leads = Flights().join("key")
        assert leads
        possible: bool = yield Wait(flight.future, flight.owner)
        return possible

    assert driver.run(flow()) is False


def test_a_sync_flow_on_the_loops_thread_does_not_wait_for_the_loop() -> None:
    """Sync code in a coroutine would block the task that it waits for."""
    from webidentity._transport.driver import SyncDriver

    flights = Flights()

    def wait() -> Flow[bool]:
        flight, _ = flights.join("key")
        possible: bool = yield Wait(flight.future, flight.owner)
        return possible

    async def main() -> bool:
        async def lead() -> None:
            flights.join("key")

        await asyncio.create_task(lead())
        return SyncDriver(lambda _: None).run(wait())

    assert asyncio.run(main()) is False


def test_waiting_ends_when_another_thread_is_done(driver: Driver) -> None:
    """The outcome is True, whatever the result of the other flow is."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    timer = threading.Timer(0.02, future.set_result, [None])
    timer.start()

    def flow() -> Flow[bool]:
        possible: bool = yield Wait(future, (0, None))
        return possible

    assert driver.run(flow()) is True
    timer.join()


def test_a_cancelled_waiter_does_not_cancel_the_others() -> None:
    """A browser that disconnects cancels only its own request."""
    flights = Flights()
    flight, _ = flights.join("key")

    def wait() -> Flow[bool]:
        possible: bool = yield Wait(flight.future, (0, object()))
        return possible

    async def send(_: HttpRequest) -> None: ...

    async def main() -> bool:
        impatient = asyncio.create_task(AsyncDriver(send).run(wait()))
        patient = asyncio.create_task(AsyncDriver(send).run(wait()))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        flights.land("key", flight, "token")
        outcome = await patient
        assert impatient.cancelled()
        return outcome

    assert asyncio.run(main()) is True
    assert flight.succeeded


def test_sleeping_waits(driver: Driver) -> None:
    """It blocks the thread, but not the event loop."""

    def flow() -> Flow[str]:
        yield Sleep(0.01)
        return "slept"

    began = time.monotonic()
    outcomes = driver.together([lambda: driver.start(flow())] * 3)
    assert outcomes == ["slept"] * 3
    assert time.monotonic() - began >= 0.01


def test_a_fake_sleep_only_advances_the_clock(driver: Driver, naps: list[float], clock: Clock) -> None:
    """Tests of slow flows rely on it."""

    def flow() -> Flow[None]:
        yield Sleep(3600)

    began = clock()
    driver.run(flow())
    assert naps == [3600]
    assert clock() - began >= 3600
