"""When a web application asks its authority, and when it does not."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpRequest
from urllib3.exceptions import ProtocolError

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from webidentity._transport.authority_gate import AuthorityGate
from webidentity._transport.deadline import Deadline
from webidentity._transport.pipeline import SyncPipeline, WebRetryPolicy
from webidentity._transport.threads import AUTHORITY, on_thread
from webidentity.errors import AuthorityUnavailableError

TOKEN = "https://login.tenant.test/tenant/oauth2/v2.0/token"
KEYS = "https://login.tenant.test/tenant/discovery/v2.0/keys"
BUSY = Reply({}, 429, {"Retry-After": "60", "Content-Type": "application/json"})

Ask = Callable[..., Any]


def gate_over(network: Canned) -> AuthorityGate:
    return AuthorityGate(SyncPipeline(transport=network.transport(), retry_policy=WebRetryPolicy()))


@pytest.fixture(params=["sync", "aio", "background"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Send one request through a gate, in each of the three ways."""

    def send(gate: AuthorityGate, subject: str = "ada", url: str = TOKEN, seconds: float = 20) -> Any:
        message = HttpRequest("POST" if url == TOKEN else "GET", url)
        options = {"deadline": Deadline(seconds), "subject": subject}
        if request.param == "sync":
            return gate.send(message, **options)
        if request.param == "background":
            return gate.send_here(message, **options)
        return asyncio.run(_send(gate, message, options))

    return send


async def _send(gate: AuthorityGate, message: HttpRequest, options: dict[str, Any]) -> Any:
    return await gate.asend(message, **options)


def test_a_dead_authority_is_asked_a_bounded_number_of_times(ask: Ask, clock: Clock) -> None:
    """A page view a second for ten minutes causes one request in four seconds, and each page is answered at once."""
    clock.stop()
    network = Canned(answer=lambda _: ServiceRequestError("unreachable"))
    gate = AuthorityGate(SyncPipeline(transport=network.transport(), retry_total=0))
    refused = list[int]()
    for _ in range(600):
        clock.advance(1)
        try:
            ask(gate)
        except AuthorityUnavailableError as error:
            refused.append(error.retry_after)
        except ServiceRequestError:
            continue
    assert len(network.sent) == 600 - len(refused)
    assert len(network.sent) <= 3 + 600 / 4 + 2
    assert all(1 <= seconds <= 5 for seconds in refused)


def test_after_an_outage_the_authority_is_asked_within_five_seconds(ask: Ask, clock: Clock) -> None:
    """The length of the outage does not matter, and all requests pass again."""
    clock.stop()
    is_down = True
    network = Canned(answer=lambda _: ServiceRequestError("unreachable") if is_down else Reply({}))
    gate = gate_over(network)
    for _ in range(60):
        with pytest.raises((ServiceRequestError, AuthorityUnavailableError)):
            ask(gate)
        clock.advance(1)
    is_down = False
    clock.advance(5)
    assert [ask(gate).status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("status", [500, 502, 504])
def test_server_errors_count_as_failures(ask: Ask, clock: Clock, status: int) -> None:
    """The caller gets the reply. After three of them, the authority is given a pause."""
    clock.stop()
    network = Canned(answer=lambda _: Reply({}, status))
    gate = gate_over(network)
    assert [ask(gate).status_code for _ in range(3)] == [status] * 3
    with pytest.raises(AuthorityUnavailableError):
        ask(gate)


def test_a_throttled_user_is_not_asked_for_again_before_the_time(ask: Ask, clock: Clock) -> None:
    """``Retry-After: 60`` is respected. Other users are not affected."""
    clock.stop()
    network = Canned(answer=lambda _: BUSY if len(network.sent) == 1 else Reply({}))
    gate = gate_over(network)
    assert ask(gate).status_code == 429
    for _ in range(5):
        with pytest.raises(AuthorityUnavailableError) as caught:
            ask(gate)
        clock.advance(11)
    assert caught.value.retry_after == 60 - 4 * 11 + 1
    assert ask(gate, "grace").status_code == 200
    assert len(network.sent) == 2
    clock.advance(6)
    assert ask(gate).status_code == 200


def test_three_throttled_users_pause_all_token_requests(ask: Ask, clock: Clock) -> None:
    """The authority throttles the application, so token requests of all users wait; its keys can still be fetched."""
    clock.stop()
    network = Canned(answer=lambda _: BUSY if len(network.sent) <= 3 else Reply({}))
    gate = gate_over(network)
    assert [ask(gate, user).status_code for user in ("ada", "grace", "mallory")] == [429, 429, 429]
    with pytest.raises(AuthorityUnavailableError):
        ask(gate, "linus")
    with pytest.raises(AuthorityUnavailableError):
        ask(gate, "")
    assert ask(gate, "", KEYS).status_code == 200
    clock.advance(61)
    assert ask(gate, "linus").status_code == 200


def test_a_throttled_request_without_a_user_pauses_no_other_request(ask: Ask, clock: Clock) -> None:
    """One user can cause it, with a sign-in for example. Throttled metadata and keys do not count as users either."""
    clock.stop()
    busy = True
    network = Canned(answer=lambda _: BUSY if busy else Reply({}))
    gate = gate_over(network)
    for subject, url in (("", TOKEN), ("", KEYS), ("", f"{KEYS}2"), ("ada", TOKEN), ("", TOKEN), ("grace", TOKEN)):
        assert ask(gate, subject, url).status_code == 429
    busy = False
    assert [ask(gate, subject).status_code for subject in ("", "linus")] == [200, 200]
    for subject, url in (("", KEYS), ("ada", TOKEN)):
        with pytest.raises(AuthorityUnavailableError):
            ask(gate, subject, url)


@pytest.mark.parametrize(("asked", "pause"), [("30", 30), ("100000", 600), ("soon", 0), ("-5", 0)])
def test_a_pause_for_all_requests_is_respected(ask: Ask, clock: Clock, asked: str, pause: int) -> None:
    """Status 503 with ``Retry-After`` pauses requests for ten minutes at most. A malformed value is ignored."""
    clock.stop()
    busy = Reply({}, 503, {"Retry-After": asked, "Content-Type": "application/json"})
    first = True

    def answer(_: Sent) -> Reply:
        return busy if first else Reply({})

    network = Canned(answer=answer)
    gate = AuthorityGate(SyncPipeline(transport=network.transport(), retry_total=0))
    assert ask(gate).status_code == 503
    first = False
    if pause:
        clock.advance(pause - 1)
        with pytest.raises(AuthorityUnavailableError) as caught:
            ask(gate, "grace", KEYS)
        assert caught.value.retry_after <= 2
        clock.advance(2)
    assert ask(gate, "grace", KEYS).status_code == 200


def test_a_clock_that_is_set_back_prolongs_no_pause(ask: Ask, clock: Clock) -> None:
    """A machine that starts with a wrong clock does not wait longer."""
    network = Canned(answer=lambda _: BUSY if len(network.sent) == 1 else Reply({}))
    gate = gate_over(network)
    assert ask(gate).status_code == 429
    clock.advance(-(10**8))
    assert ask(gate).status_code == 200


class Silent:
    """An authority that answers when it is released."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.arrived = threading.Event()
        self.network = Canned(answer=self._answer)
        self.gate = gate_over(self.network)

    def _answer(self, _: Sent) -> Reply:
        self.arrived.set()
        self.release.wait(30)
        return Reply({})


@pytest.mark.parametrize("way", ["sync", "aio"])
def test_the_caller_waits_no_longer_than_the_deadline(way: str) -> None:
    """The caller gets the error at the deadline while the HTTP library still waits."""
    silent = Silent()
    message, options = HttpRequest("POST", TOKEN), {"deadline": Deadline(0.05), "subject": "ada"}
    call = (
        silent.gate.send if way == "sync" else lambda request, **given: asyncio.run(_send(silent.gate, request, given))
    )
    with pytest.raises(AuthorityUnavailableError) as caught:
        call(message, **options)
    assert caught.value.retry_after == 5
    silent.release.set()


def test_requests_without_a_reply_count_as_failures(clock: Clock) -> None:
    """A silent authority is given a pause, although its connections are still open. A late reply ends the pause."""
    silent = Silent()
    for _ in range(3):
        with pytest.raises(AuthorityUnavailableError):
            silent.gate.send(HttpRequest("POST", TOKEN), deadline=Deadline(0.2), subject="ada")
    clock.advance(4)
    with pytest.raises(AuthorityUnavailableError, match=r"login\.tenant\.test cannot be reached: no answer in time"):
        silent.gate.send(HttpRequest("POST", TOKEN), deadline=Deadline(0.2), subject="ada")
    assert len(silent.network.sent) == 3
    silent.release.set()
    clock.advance(5)
    assert silent.gate.send(HttpRequest("POST", TOKEN), deadline=Deadline(20), subject="ada").status_code == 200


@pytest.mark.parametrize("way", ["sync", "aio"])
def test_a_silent_burst_that_takes_all_threads_delays_no_later_request(way: str, clock: Clock) -> None:
    """A request is refused without a thread, as soon as the first ones have waited for too long."""
    silent = Silent()

    def ask(seconds: float) -> Any:
        message, options = HttpRequest("POST", TOKEN), {"deadline": Deadline(seconds), "subject": "ada"}
        return (
            silent.gate.send(message, **options) if way == "sync" else asyncio.run(_send(silent.gate, message, options))
        )

    with ThreadPoolExecutor(40) as burst:
        waiting = [burst.submit(ask, 60) for _ in range(40)]
        while len(silent.network.sent) < 32:
            assert silent.arrived.wait(20)
            silent.arrived.clear()
        clock.advance(4)
        with pytest.raises(
            AuthorityUnavailableError, match=r"login\.tenant\.test cannot be reached: no answer in time"
        ):
            ask(60)
        silent.release.set()
        for request in waiting:
            # Those that waited for a thread have been refused too.
            assert request.exception() is None or isinstance(request.exception(), AuthorityUnavailableError)
    assert AUTHORITY.wait(20)


def test_a_request_that_finds_out_whether_the_authority_is_back_waits_three_seconds(ask: Ask, clock: Clock) -> None:
    """The authority may be back a moment after it was sent. Its user is then served by the next request."""
    clock.stop()
    network = Canned(answer=lambda _: ServiceRequestError("unreachable"))
    gate = AuthorityGate(SyncPipeline(transport=network.transport(), retry_total=0))
    for _ in range(4):
        with pytest.raises(ServiceRequestError):
            ask(gate)
        clock.advance(1)
    assert [sent.timeout == (3.0, 3.0) for sent in network.sent] == [False] * 3 + [True]


def test_the_time_that_a_failed_attempt_took_is_part_of_the_pause(ask: Ask, clock: Clock) -> None:
    """There are four seconds between the beginnings of two attempts."""
    clock.stop()

    def wait(_: Sent) -> Exception:
        clock.advance(3)
        return requests.exceptions.ReadTimeout()

    network = Canned(answer=wait)
    gate = AuthorityGate(SyncPipeline(transport=network.transport(), retry_total=0))
    for _ in range(8):
        with pytest.raises(ServiceResponseError):
            ask(gate)
        clock.advance(1)
    assert len(network.sent) == 8


@pytest.mark.parametrize(
    ("trouble", "count"),
    [
        (requests.exceptions.ReadTimeout(), 1),
        (requests.exceptions.ConnectionError(ProtocolError("aborted")), 2),
        (ServiceRequestError("unreachable"), 2),
    ],
    ids=["timeout", "reset", "no connection"],
)
def test_a_request_that_took_its_time_is_not_repeated(ask: Ask, trouble: Exception, count: int) -> None:
    """No page waits any more, and its thread would be busy twice as long."""
    network = Canned(answer=lambda _: trouble)
    with pytest.raises(AzureError):
        ask(gate_over(network), "", KEYS)
    assert len(network.sent) == count


def test_silent_requests_do_not_delay_the_store() -> None:
    """The store has threads of its own, also while more requests wait than there are threads."""
    silent = Silent()

    async def main() -> str:
        options = {"deadline": Deadline(20), "subject": "ada"}
        requests = [asyncio.create_task(_send(silent.gate, HttpRequest("POST", TOKEN), options)) for _ in range(40)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            read = await on_thread(lambda: "read")
        silent.release.set()
        await asyncio.gather(*requests)
        return read

    assert asyncio.run(main()) == "read"
