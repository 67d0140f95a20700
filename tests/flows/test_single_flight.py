"""Concurrent callers that need the same token share one request."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.joined_callers import AllJoined
from tests.kit.replies import CLIENT, SCOPE, TENANT, refusal, token
from webidentity._flows.acquire import acquire
from webidentity._flows.acquisition import Acquisition
from webidentity._protocol.effects import Call, Flow, Sleep
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.driver import AsyncDriver
from webidentity.cache._flights import Flights
from webidentity.cache._partition import Partition
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

CALLERS = 64
ARGUMENTS = (TENANT, CLIENT, "s3cret")


def secret_credential(driver: Driver, network: Canned, **options: Any) -> Any:
    return driver.credential("ClientSecretCredential", network, *ARGUMENTS, retry_total=0, **options)


def test_64_first_callers_cause_one_request(driver: Driver) -> None:
    """All of them get the same token."""
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"), latency=0.05)
    credential = secret_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    assert {outcome.token for outcome in outcomes} == {"token-1"}
    assert len(network.sent) == 1


def test_64_callers_of_an_expired_token_cause_one_request(driver: Driver, clock: Clock) -> None:
    """The same applies when the token has expired."""
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"), latency=0.05)
    credential = secret_credential(driver, network)
    credential.get_token(SCOPE)
    clock.advance(3601)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    assert {outcome.token for outcome in outcomes} == {"token-2"}
    assert len(network.sent) == 2


def test_in_the_refresh_window_all_callers_are_served_at_once(driver: Driver, clock: Clock) -> None:
    """All of them get the current token while it is renewed beside them, once."""
    served: list[str] = []
    enough = threading.Event()

    def answer(_: Sent) -> Reply:
        if len(network.sent) == 1:
            return token("current")
        assert enough.wait(10), "the callers must not wait for the renewal"
        return token("renewed")

    network = Canned(answer=answer)
    credential = secret_credential(driver, network)
    credential.get_token(SCOPE)
    clock.advance(3600 - 100)

    def note(value: str) -> None:
        served.append(value)
        if len(served) == CALLERS:
            enough.set()

    def call() -> Any:
        if driver.name == "sync":
            return note(credential.raw.get_token(SCOPE).token)

        async def call_async() -> None:
            note((await credential.raw.get_token(SCOPE)).token)

        return call_async()

    driver.together([call] * CALLERS)
    assert served == ["current"] * CALLERS
    driver.settle()
    assert len(network.sent) == 2
    assert credential.get_token(SCOPE).token == "renewed"
    assert len(network.sent) == 2


def test_callers_with_the_same_claims_share_a_request(driver: Driver, all_joined: AllJoined) -> None:
    """All requests of a site send the same claims at once after a session was revoked."""
    network = Canned(answer=lambda _: token(), before=all_joined(8))
    credential = secret_credential(driver, network)
    driver.together([lambda: credential.raw.get_token(SCOPE, claims='{"a": {}}')] * 8)
    assert len(network.sent) == 1


def test_callers_of_different_tokens_share_no_request(driver: Driver) -> None:
    """Scopes, tenant and CAE each require a different token."""
    network = Canned(answer=lambda sent: token(f"{sent.url} {sent.form['scope']} {sent.form.get('claims')}"))
    credential = secret_credential(driver, network, additionally_allowed_tenants=["*"])
    raw = credential.raw
    outcomes = driver.together(
        [
            lambda: raw.get_token(SCOPE),
            lambda: raw.get_token("other/.default"),
            lambda: raw.get_token(SCOPE, tenant_id="other.tenant.test"),
            lambda: raw.get_token(SCOPE, enable_cae=True),
        ]
    )
    assert len({outcome.token for outcome in outcomes}) == 4


def test_after_a_failure_one_waiter_tries_again_for_all(driver: Driver, all_joined: AllJoined) -> None:
    """A transient failure of the leader's request fails only the leader."""
    network = Canned(
        answer=lambda _: token() if len(network.sent) > 1 else OSError("reset"), before=all_joined(CALLERS)
    )
    credential = secret_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(failed) == 1
    assert len(network.sent) == 2


def test_a_lasting_failure_reaches_all_callers_after_two_requests(driver: Driver, all_joined: AllJoined) -> None:
    """Each caller raises its own copy of the error."""
    network = Canned(answer=lambda _: refusal("invalid_client", "AADSTS7000215"), before=all_joined(CALLERS))
    credential = secret_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    assert {type(outcome) for outcome in outcomes} == {EntraError}
    assert len({id(outcome) for outcome in outcomes}) == CALLERS
    assert {outcome.error for outcome in outcomes} == {"invalid_client"}
    assert {outcome.response.status_code for outcome in outcomes} == {400}
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert len(network.sent) == 2


def test_a_failure_is_not_cached(driver: Driver) -> None:
    """The next call sends a new request."""
    network = Canned(refusal(), refusal(), token("recovered"))
    credential = secret_credential(driver, network)
    for _ in range(2):
        with pytest.raises(EntraError):
            credential.get_token(SCOPE)
    assert credential.get_token(SCOPE).token == "recovered"


def _acquisition(exchange: Callable[[TokenRequest], Flow[TokenReply]]) -> Acquisition:
    partition = Partition.app(client_id=CLIENT, authority="https://a.test", tenant=TENANT, authentication="proof")
    return Acquisition(partition, TokenRequest((SCOPE,), TENANT), exchange, None, lambda reply: reply.expires_on)


REPLY = TokenReply("token", 4_000_000_000, None, "Bearer", ())


def test_when_the_leading_task_is_cancelled_another_takes_over() -> None:
    """A browser that disconnects does not fail the requests that waited with it."""
    asked: list[int] = []

    def exchange(_: TokenRequest) -> Flow[TokenReply]:
        asked.append(len(asked))

        async def answer() -> TokenReply:
            if len(asked) == 1:
                await asyncio.Event().wait()
            return REPLY

        reply: TokenReply = yield Call(answer)
        return reply

    async def send(_: object) -> None: ...

    async def main() -> list[str]:
        cache = TokenCache()

        def start() -> "asyncio.Task[Any]":
            return asyncio.create_task(AsyncDriver(send).run(acquire(cache, _acquisition(exchange))))

        leader, *waiters = [start() for _ in range(8)]
        await asyncio.sleep(0.01)
        leader.cancel()
        tokens = await asyncio.wait_for(asyncio.gather(*waiters), 5)
        assert leader.cancelled()
        return [info.token for info in tokens]

    assert asyncio.run(main()) == ["token"] * 7
    assert len(asked) == 2


def test_threads_wait_for_a_task_and_tasks_for_a_thread() -> None:
    """Sync and async views of a site share one cache and one flight."""
    cache = TokenCache()
    asked: list[str] = []
    release = threading.Event()

    def exchange(_: TokenRequest) -> Flow[TokenReply]:
        asked.append(threading.current_thread().name)
        yield Call(lambda: release.wait(10), blocking=True)
        return REPLY

    async def send(_: object) -> None: ...

    async def main() -> list[Any]:
        from webidentity._transport.driver import SyncDriver

        def on_a_thread() -> Any:
            return SyncDriver(lambda _: None).run(acquire(cache, _acquisition(exchange)))

        tasks = [asyncio.create_task(AsyncDriver(send).run(acquire(cache, _acquisition(exchange)))) for _ in range(2)]
        await asyncio.sleep(0.01)
        threads = [asyncio.create_task(asyncio.to_thread(on_a_thread)) for _ in range(2)]
        await asyncio.sleep(0.02)
        release.set()
        return await asyncio.wait_for(asyncio.gather(*tasks, *threads), 10)

    assert [info.token for info in asyncio.run(main())] == ["token"] * 4
    assert len(asked) == 1


def test_a_credential_that_needs_the_same_token_itself_does_not_hang(driver: Driver) -> None:
    """A flow that requests its own key again on the same thread or task leads instead of waiting."""
    cache = TokenCache()
    asked: list[int] = []

    def exchange(_: TokenRequest) -> Flow[TokenReply]:
        asked.append(1)
        if len(asked) == 1:
            yield from acquire(cache, _acquisition(exchange))
        return REPLY

    assert driver.run(acquire(cache, _acquisition(exchange))).token == "token"
    assert len(asked) == 2


def test_flights_end_whatever_happens_to_their_leader(driver: Driver) -> None:
    """A flight of a failed leader is removed, so later callers do not wait for it."""
    cache = TokenCache()

    def exchange(_: TokenRequest) -> Flow[TokenReply]:
        yield Call(lambda: None)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        driver.run(acquire(cache, _acquisition(exchange)))
    assert cache.flights.join(_acquisition(exchange).key)[1] is True


def test_the_copy_of_an_error_is_equal() -> None:
    """Waiters raise copies, because one exception raised in many threads would mix their tracebacks."""
    flights = Flights()
    flight, _ = flights.join("key")
    error = EntraError("message", error="invalid_grant", error_codes=(1,))
    flights.abandon("key", flight, error)
    copy = flight.failure()
    assert isinstance(copy, EntraError)
    assert copy is not error
    assert (str(copy), copy.error, copy.error_codes, copy.args) == ("message", "invalid_grant", (1,), error.args)


def test_once_runs_a_flow_for_one_caller(driver: Driver) -> None:
    """The others wait and continue when it is done."""
    flights, done = Flights(), list[str]()

    def begin() -> Flow[str]:
        yield Sleep(0.02)
        done.append("done")
        return "mine"

    def flow() -> Flow[str | None]:
        return flights.once("key", lambda: bool(done), begin)

    outcomes = driver.together([lambda: driver.start(flow())] * 8)
    assert sorted(outcomes, key=str) == [None] * 7 + ["mine"]
    assert done == ["done"]


def test_once_raises_the_error_for_all_waiters(driver: Driver, all_joined: AllJoined) -> None:
    """One declined prompt is not followed by seven others."""
    flights, tries, wait = Flights(), list[int](), all_joined(8)

    def begin() -> Flow[str]:
        tries.append(1)
        yield Call(wait, blocking=True)
        raise OSError("declined")

    def flow() -> Flow[str | None]:
        return flights.once("key", lambda: False, begin)

    outcomes = driver.together([lambda: driver.start(flow())] * 8)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 8
    assert len(tries) == 1
