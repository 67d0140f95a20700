"""A waiter takes over from a leader that can no longer complete."""

import asyncio
import threading
from typing import Any

import pytest

from tests.kit.drivers import Driver
from webidentity._protocol.effects import Call, Flow
from webidentity._transport.driver import AsyncDriver
from webidentity.cache._flights import Flight, Flights


async def _send(_: object) -> None: ...


def _lead_on_a_loop(flights: Flights) -> tuple[asyncio.AbstractEventLoop, "asyncio.Task[Any]"]:
    """Start a flow whose event loop then stops, as at the end of a worker's request."""
    loop = asyncio.new_event_loop()

    def begin() -> Flow[str]:
        yield Call(asyncio.Event().wait)
        return "never"

    async def start() -> "asyncio.Task[Any]":
        task = asyncio.create_task(AsyncDriver(_send).run(flights.share("key", begin)))
        await asyncio.sleep(0)
        return task

    return loop, loop.run_until_complete(start())


def _mine() -> Flow[str]:
    value: str = yield Call(lambda: "mine")
    return value


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "stopped"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_waiter_takes_over_from_a_leader_without_an_event_loop(
    driver: Driver, is_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop was closed, or does not run any more."""
    monkeypatch.setattr("webidentity._transport.driver._WAIT", 0.02)
    monkeypatch.setattr("webidentity.cache._flights._IDLE_LOOP", 0.1)
    flights = Flights()
    loop, task = _lead_on_a_loop(flights)
    if is_closed:
        loop.close()
    outcomes = driver.together([lambda: driver.start(flights.share("key", _mine))] * 4)
    assert outcomes == ["mine"] * 4
    if not is_closed:
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
    assert flights.join("key")[1] is True


def test_a_waiter_takes_over_from_a_thread_that_ended(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its flow was never closed."""
    monkeypatch.setattr("webidentity._transport.driver._WAIT", 0.02)
    flights = Flights()
    thread = threading.Thread(target=flights.join, args=("key",))
    thread.start()
    thread.join()
    assert driver.run(flights.share("key", _mine)) == "mine"


def test_a_slow_leader_is_waited_for(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking on it does not end the flight."""
    monkeypatch.setattr("webidentity._transport.driver._WAIT", 0.01)
    flights, started = Flights(), threading.Event()
    release = threading.Event()

    def slow() -> Flow[str]:
        started.set()
        yield Call(lambda: release.wait(10), blocking=True)
        return "slow"

    from webidentity._transport.driver import SyncDriver

    leader = threading.Thread(target=lambda: SyncDriver(_send).run(flights.share("key", slow)))
    leader.start()
    assert started.wait(10)
    threading.Timer(0.1, release.set).start()
    assert driver.run(flights.share("key", _mine)) == "slow"
    leader.join()


def test_a_task_on_a_running_loop_is_waited_for(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its request takes: only a loop that does not run counts as abandoned."""
    monkeypatch.setattr("webidentity._transport.driver._WAIT", 0.01)
    monkeypatch.setattr("webidentity.cache._flights._IDLE_LOOP", 0.0)
    flights, started = Flights(), threading.Event()
    checks, release = list[bool](), threading.Event()
    is_alive = Flight.is_alive

    def checked(flight: Flight) -> bool:
        checks.append(is_alive(flight))
        if len(checks) == 3:
            release.set()
        return checks[-1]

    monkeypatch.setattr(Flight, "is_alive", checked)

    def slow() -> Flow[str]:
        started.set()
        yield Call(lambda: release.wait(10), blocking=True)
        return "slow"

    leader = threading.Thread(target=lambda: asyncio.run(AsyncDriver(_send).run(flights.share("key", slow))))
    leader.start()
    assert started.wait(10)
    assert driver.run(flights.share("key", _mine)) == "slow"
    leader.join()
    assert checks[:3] == [True] * 3
