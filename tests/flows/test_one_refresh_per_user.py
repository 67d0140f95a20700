"""A refresh token belongs to the user: it is never sent twice, whatever the scopes."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, TENANT, refusal, user_token
from tests.kit.script import Response, play
from webidentity._flows.acquisition import keep
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import read_token_reply
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.driver import AsyncDriver
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.errors import EntraError

HOME = f"ada.{TENANT}"
OTHER_TENANT = "99999999-9999-9999-9999-999999999999"


class RevokingAuthority:
    """Accepts each refresh token once. A second use signs the user out, as RFC 9700 section 2.2.2 recommends."""

    def __init__(self, *, latency: float = 0.0) -> None:
        self.valid: str | None = "refresh-token-0"
        self.used = list[str]()
        self._lock = threading.Lock()
        self.network = Canned(answer=self._answer, latency=latency)
        self.send = SyncPipeline(transport=self.network.transport(), retry_total=0).send

    def _answer(self, sent: Sent) -> Reply:
        with self._lock:
            given = sent.form["refresh_token"]
            if given != self.valid:
                self.valid = None
                return refusal("invalid_grant", "AADSTS700082: used before")
            self.used.append(given)
            self.valid = f"refresh-token-{len(self.used)}"
            return user_token(f"token for {sent.form['scope']}", refresh_token=self.valid)


def ask(scope: str, tenant: str = TENANT) -> TokenRequest:
    return TokenRequest((scope,), tenant)


def sign_in(cache: TokenCache, refresh_token: str = "refresh-token-0") -> UserTokens:
    user_tokens = UserTokens(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), cache)

    def flow() -> Flow[object]:
        now = int(time.time())
        reply = read_token_reply(Response(user_token("signed-in", refresh_token=refresh_token)), now=now)
        return (yield from keep(cache, user_tokens.acquisition(ask("openid"), HOME), reply, now))

    play(flow())
    return user_tokens


def starts(
    driver: Driver, user_tokens: UserTokens, authority: RevokingAuthority, count: int
) -> list[Callable[[], Any]]:
    def start(number: int) -> Callable[[], Any]:
        return lambda: driver.start(user_tokens.token(ask(f"api{number}/read"), HOME), authority.send)

    return [start(number) for number in range(count)]


def test_requests_for_many_resources_use_the_refresh_token_one_after_the_other(driver: Driver) -> None:
    """Each one uses the refresh token of the reply before. No user is signed out."""
    authority = RevokingAuthority(latency=0.01)
    user_tokens = sign_in(TokenCache())
    outcomes = driver.together(starts(driver, user_tokens, authority, 12) * 2)
    assert [type(outcome).__name__ for outcome in outcomes] == ["OpaqueAccessTokenInfo"] * 24
    assert authority.used == [f"refresh-token-{number}" for number in range(12)]


def test_all_tenants_of_a_user_share_the_refresh_token(driver: Driver) -> None:
    """The user signed in to one tenant. A reply of another tenant replaces the refresh token for both."""
    authority = RevokingAuthority()
    user_tokens = sign_in(TokenCache())
    for scope, tenant in (("a", OTHER_TENANT), ("b", TENANT), ("c", OTHER_TENANT), ("d", TENANT)):
        driver.run(user_tokens.token(ask(scope, tenant), HOME, TENANT), authority.send)
    assert authority.used == [f"refresh-token-{number}" for number in range(4)]


def test_a_newer_refresh_token_of_another_process_is_tried_once(driver: Driver) -> None:
    """Another process stores its reply in the shared store while this one is refused."""
    store, keys = MemoryStore(), KeyRing("key")
    here, there = (
        sign_in(TokenCache(store, keys)),
        UserTokens(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), TokenCache(store, keys)),
    )
    sent = list[str]()

    def answer(request: Sent) -> Reply:
        sent.append(request.form["refresh_token"])
        if len(sent) > 1:
            return user_token("renewed", refresh_token="refresh-token-2")
        # The other process is faster by one reply.
        other = Canned(user_token("of the other process", refresh_token="refresh-token-1"))
        request_there = there.token(ask("other/read"), HOME)
        driver_there = SyncPipeline(transport=other.transport(), retry_total=0).send
        from webidentity._transport.driver import SyncDriver

        SyncDriver(driver_there).run(request_there)
        return refusal("invalid_grant", "AADSTS700082: used before")

    send = SyncPipeline(transport=Canned(answer=answer).transport(), retry_total=0).send
    assert driver.run(here.token(ask("api/read"), HOME), send).token == "renewed"
    assert sent == ["refresh-token-0", "refresh-token-1"]
    assert driver.run(there.token(ask("api/read"), HOME), _refuse).token == "renewed"


def test_without_a_newer_refresh_token_the_user_is_asked(driver: Driver) -> None:
    """A refused refresh token is sent once."""
    authority = RevokingAuthority()
    authority.valid = None
    user_tokens = sign_in(TokenCache(MemoryStore(), KeyRing("key")))
    with pytest.raises(EntraError, match="AADSTS700082"):
        driver.run(user_tokens.token(ask("api/read"), HOME), authority.send)
    assert len(authority.network.sent) == 1


def test_a_cancelled_request_keeps_the_reply() -> None:
    """The browser disconnects while the authority answers. The reply has the only valid refresh token."""
    authority = RevokingAuthority()
    user_tokens = sign_in(TokenCache())
    received, answered = threading.Event(), threading.Event()

    async def send(request: Any, **_: Any) -> Any:
        received.set()
        await asyncio.to_thread(answered.wait, 10)
        return authority.send(request)

    async def main() -> str:
        driver = AsyncDriver(send)
        request = asyncio.create_task(driver.run(user_tokens.token(ask("api/read"), HOME)))
        await asyncio.to_thread(received.wait, 10)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        waiting = asyncio.create_task(driver.run(user_tokens.token(ask("api/read"), HOME)))
        await asyncio.sleep(0)
        answered.set()
        async with asyncio.timeout(10):
            return (await waiting).token

    assert asyncio.run(main()) == "token for api/read offline_access"
    assert authority.used == ["refresh-token-0"]
    stored = user_tokens.cache.peek(user_tokens.partition(TENANT, HOME))
    assert stored is not None
    assert stored.document.refresh_token == "refresh-token-1"


def _refuse(request: Any) -> Any:
    raise AssertionError("the token is in the store")
