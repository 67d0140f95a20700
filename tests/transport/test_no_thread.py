"""A request of a site that finds no thread for the authority, because all of them wait for a silent one."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from webidentity._protocol.effects import Call, Flow
from webidentity._transport.driver import AsyncDriver, SyncDriver, send_nothing
from webidentity._transport.threads import AUTHORITY
from webidentity.cache._flights import Flights
from webidentity.errors import AuthorityUnavailableError


@pytest.fixture(params=["sync", "aio"])
def run(request: pytest.FixtureRequest) -> Callable[[Flow[Any]], Any]:
    """Run a flow as a site does, with a limited time."""
    beside = SyncDriver(send_nothing)
    if request.param == "sync":
        return SyncDriver(send_nothing, seconds=60, beside=beside).run
    return lambda flow: asyncio.run(AsyncDriver(_send, seconds=60, beside=beside).run(flow))


async def _send(*_: object, **__: object) -> None:
    raise AssertionError("nothing is sent")


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """All threads are busy until this event."""
    monkeypatch.setattr("webidentity._transport.deadline._LONGEST_QUEUE", 0.05)
    released, started = threading.Event(), threading.Semaphore(0)
    for _ in range(32):
        AUTHORITY.submit(lambda: (started.release(), released.wait(60)))
    for _ in range(32):
        assert started.acquire(timeout=20)
    yield released
    released.set()
    assert AUTHORITY.wait(20)


def test_it_is_refused_soon_and_others_may_try(run: Callable[[Flow[Any]], Any], release: threading.Event) -> None:
    """It does not wait for its whole time, and its flow does not run later. The next request starts again."""
    flights, ran = Flights(), list[str]()

    def refresh() -> Flow[str]:
        ran.append((yield Call(lambda: "refreshed")))
        return ran[0]

    def flow() -> Flow[Any]:
        flight, leads = flights.join("refresh")
        assert leads, "an earlier request still leads"
        return (yield from flights.detach("refresh", flight, refresh(), awaited=True))

    with pytest.raises(AuthorityUnavailableError) as caught:
        run(flow())
    assert caught.value.retry_after == 5
    release.set()
    assert AUTHORITY.wait(20)
    assert ran == []
    assert run(flow()) == "refreshed"
