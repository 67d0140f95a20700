"""The entries of sessions in the token cache: how long they last, what ends them, and what renews them."""

import contextlib
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.replies import jwt_of
from webidentity import AuthenticationRecord, EntraError
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.effects import Call, Flow, Start
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.verification import TokenRejectedError
from webidentity._transport.driver import SyncDriver
from webidentity.cache import KeyRing, MemoryStore, StoreUnavailableError, TokenCache
from webidentity.web import Settings
from webidentity.web._identity import Principal
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import WAITING_LIFETIME, Sessions
from webidentity.web._tenants import TenantResolver

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"
ADA = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
CLAIMS = {"iss": "issuer", "aud": CLIENT, "sub": "ada-here", "tid": TENANT, "oid": "ada", "roles": ["Reader"]}
LIFETIME, MAX_AGE, INTERVAL = 1000, 5000, 400


class CountingStore(MemoryStore):
    """Counts the writes of requests, but not those of sweeps, and can be out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.is_full = False

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        if self.is_full:
            raise StoreUnavailableError("the disk is full")
        self.writes += threading.current_thread() is threading.main_thread()
        return super().save(key, value, expected=expected, expires_at=expires_at)


def run(flow: Any) -> Any:
    """Run a flow that sends no request."""
    return SyncDriver(lambda _: None).run(flow)  # type: ignore[arg-type, return-value]


class Application:
    """The sessions of an application, and their store."""

    def __init__(self) -> None:
        settings = Settings(
            TENANT,
            CLIENT,
            "the-secret",
            session_lifetime=LIFETIME,
            session_max_age=MAX_AGE,
            session_check_interval=INTERVAL,
        )
        client = Client(settings.authority, CLIENT, ClientSecret("the-secret"))
        self.store = CountingStore()
        self.cache = TokenCache(self.store, KeyRing("a-secret-key"))
        self.sessions = Sessions(settings, TenantResolver(settings), UserTokens(client, self.cache, LIFETIME))
        self.partition = self.sessions.user_tokens.partition(TENANT, ADA.home_account_id)

    def start(self, **more: Any) -> SessionState:
        """Begin a session, with a refresh token."""
        begun = self.sessions.begin(ADA, CLAIMS, **more)
        now = int(time.time())
        reply = TokenReply("token", now + 9_000, None, "Bearer", (), refresh_token="refresh")

        def change(document: Any) -> None:
            begun.enter(document)
            document.add(self.partition, ["a"], reply, cae=False, now=now)

        run(self.cache.update(self.partition, change, expires_at=now + LIFETIME, now=now))
        return begun.state

    def find(self, state: SessionState) -> Mapping[str, Any] | None:
        """Return the claims of the session."""
        found = run(self.sessions.find(state))
        return found.claims if found else None

    def entries(self) -> dict[str, Any]:
        """Return the entries."""
        cached = self.cache.peek(self.partition)
        return dict(cached.document.sessions) if cached else {}

    def has_tokens(self) -> bool:
        """Whether the user's tokens are there."""
        cached = run(self.cache.load(self.partition))
        return cached is not None and cached.document.refresh_token is not None

    def is_checked(self, state: SessionState) -> bool:
        """Whether a request starts to ask the authority about the account."""
        return any(isinstance(effect, Start) for effect in self.sessions.check_beside(state))


@pytest.fixture
def app(clock: Clock) -> Application:
    """An application while the time stands still."""
    clock.stop()
    return Application()


def test_a_session_that_is_used_is_extended(app: Application, clock: Clock) -> None:
    """The store is written once in a tenth of the lifetime, so that most requests just read."""
    state = app.start()
    writes = app.store.writes
    clock.advance(LIFETIME / 10)
    assert app.find(state) == CLAIMS
    assert app.store.writes == writes
    clock.advance(1)
    assert app.find(state) == CLAIMS
    assert app.find(state) == CLAIMS
    assert app.store.writes == writes + 1
    clock.advance(LIFETIME)
    assert app.find(state) == CLAIMS
    clock.advance(LIFETIME + 1)
    assert app.find(state) is None


def test_a_session_that_is_used_ends_at_its_maximum_age(app: Application, clock: Clock) -> None:
    """Also if it was extended a moment before."""
    state = app.start()
    for _ in range(MAX_AGE // LIFETIME):
        clock.advance(LIFETIME)
        assert app.find(state) == CLAIMS
    clock.advance(1)
    assert app.find(state) is None


def test_a_session_is_found_while_the_store_cannot_be_written(app: Application, clock: Clock) -> None:
    """It is extended later."""
    state = app.start()
    clock.advance(LIFETIME / 2)
    app.store.is_full = True
    assert app.find(state) == CLAIMS


def test_a_session_that_ends_while_it_is_extended_stays_ended(app: Application, clock: Clock) -> None:
    """The user signs out in another tab at the same time."""
    state, other = app.start(), app.start()
    clock.advance(LIFETIME / 2)
    flow = app.sessions.find(state)
    load = next(flow)
    assert isinstance(load, Call)
    update = flow.send(load.function())
    assert isinstance(update, Call)
    run(app.sessions.end(state))
    with contextlib.suppress(StopIteration):
        while True:
            update = flow.send(update.function())
    assert app.find(state) is None
    assert app.find(other) == CLAIMS


def test_a_view_cannot_change_the_claims_of_a_session(app: Application) -> None:
    """The next request finds them as they were verified."""
    state = app.start()
    found = app.find(state)
    assert found is not None
    found["roles"].append("Admin")
    assert app.find(state) == CLAIMS


def test_a_new_session_removes_expired_ones(app: Application, clock: Clock) -> None:
    """And the one that it replaces, but no other."""
    expired = app.start()
    clock.advance(LIFETIME / 2)
    replaced, other = app.start(), app.start()
    clock.advance(LIFETIME / 2 + 1)
    started = app.start(replaced=replaced)
    assert expired.entry not in app.entries()
    assert set(app.entries()) == {other.entry, started.entry}
    assert app.find(replaced) is None


def test_a_session_that_waits_is_valid_when_it_is_confirmed(app: Application, clock: Clock) -> None:
    """Once, and its maximum age counts from then. It leads to the page that was asked for."""
    waiting = app.start(waits_for="/page")
    other = app.start()
    assert app.find(waiting) is None
    clock.advance(WAITING_LIFETIME - 1)
    assert run(app.sessions.confirm(waiting)) == "/page"
    assert app.find(waiting) == CLAIMS
    assert run(app.sessions.confirm(waiting)) is None
    assert run(app.sessions.confirm(other)) is None
    for _ in range(MAX_AGE // LIFETIME):
        clock.advance(LIFETIME)
        assert app.find(waiting) == CLAIMS
    clock.advance(1)
    assert app.find(waiting) is None


def test_a_session_is_confirmed_once(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two requests at the same time, the second one finds nothing that waits."""
    waiting = app.start(waits_for="/page")
    save, first = app.store.save, list[str | None]()

    def save_later(key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        monkeypatch.setattr(app.store, "save", save)
        first.append(run(app.sessions.confirm(waiting)))
        return save(key, value, expected=expected, expires_at=expires_at)

    monkeypatch.setattr(app.store, "save", save_later)
    assert run(app.sessions.confirm(waiting)) is None
    assert first == ["/page"]


def test_a_session_that_waits_too_long_is_over(app: Application, clock: Clock) -> None:
    """The user has left the page, perhaps for another person."""
    waiting = app.start(waits_for="/page")
    clock.advance(WAITING_LIFETIME + 1)
    assert run(app.sessions.confirm(waiting)) is None
    assert app.find(waiting) is None
    app.start()
    assert waiting.entry not in app.entries()


def test_one_session_waits_at_a_time(app: Application, clock: Clock) -> None:
    """Of one account. Sessions that wait are not counted with those that are valid."""
    states = [app.start() for _ in range(50)]
    clock.advance(1)
    earlier, latest = app.start(waits_for="/earlier"), app.start(waits_for="/latest")
    assert all(app.find(state) for state in states)
    assert run(app.sessions.confirm(earlier)) is None
    assert run(app.sessions.confirm(latest)) == "/latest"
    assert sum(app.find(state) is not None for state in states) == 49, "a confirmed session counts"
    assert app.find(latest) == CLAIMS


def test_a_sign_in_leaves_a_session_that_waits(app: Application) -> None:
    """The user may still decide."""
    waiting = app.start(waits_for="/page")
    app.start()
    assert run(app.sessions.confirm(waiting)) == "/page"


def test_a_session_that_waits_keeps_no_tokens(app: Application) -> None:
    """It ends with the last valid session, and stays while there is another one."""
    first, second = app.start(), app.start()
    waiting = app.start(waits_for="/page")
    run(app.sessions.end(first))
    assert app.has_tokens()
    assert waiting.entry in app.entries()
    run(app.sessions.end(second))
    assert not app.has_tokens()
    assert app.entries() == {}
    assert run(app.sessions.confirm(waiting)) is None


def test_a_session_of_another_application_is_not_confirmed(app: Application) -> None:
    """Its record names another client."""
    waiting = app.start(waits_for="/page")
    others = AuthenticationRecord(TENANT, "another", "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
    assert run(app.sessions.confirm(SessionState(others, waiting.handle))) is None
    assert run(app.sessions.confirm(waiting)) == "/page"


def test_a_session_belongs_to_one_account(app: Application) -> None:
    """Whatever the username is: it may change."""
    state = app.start()
    renamed = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "lovelace@tenant.test")
    grace = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"grace.{TENANT}", "ada@tenant.test")
    assert (state.is_of(renamed), state.is_of(grace)) == (True, False)


def test_the_claims_of_a_session_do_not_bind_it_to_its_request(app: Application) -> None:
    """The nonce and the hashes are of no use after the sign-in."""
    begun = app.sessions.begin(ADA, {**CLAIMS, "nonce": "n", "at_hash": "a", "c_hash": "c"})
    run(app.cache.update(app.partition, begun.enter, expires_at=time.time() + 60, now=time.time()))
    assert app.find(begun.state) == CLAIMS


def test_the_last_session_takes_the_tokens_with_it(app: Application) -> None:
    """As long as there is another session, the tokens stay."""
    first, second = app.start(), app.start()
    assert run(app.sessions.end(first)) == CLAIMS
    assert app.find(first) is None
    assert app.has_tokens()
    assert run(app.sessions.end(second)) == CLAIMS
    assert not app.has_tokens()


def test_expired_sessions_keep_no_tokens(app: Application, clock: Clock) -> None:
    """A session that was not ended does not keep the tokens of a user who signed out."""
    app.start()
    clock.advance(LIFETIME + 1)
    last = app.start()
    cached = app.cache.peek(app.partition)
    assert cached is not None
    stale = {**app.entries()[last.entry], "seen": time.time() - LIFETIME - 1}
    run(
        app.cache.update(
            app.partition,
            lambda document: document.sessions.update({"stale": stale}),
            expires_at=time.time() + 60,
            now=time.time(),
        )
    )
    run(app.sessions.end(last))
    assert not app.has_tokens()


def test_a_session_that_is_over_ends_without_a_write(app: Application) -> None:
    """A second sign-out has no effect on the user's other sessions."""
    first, second = app.start(), app.start()
    run(app.sessions.end(first))
    writes = app.store.writes
    assert run(app.sessions.end(first)) == {}
    assert app.store.writes == writes
    assert app.find(second) == CLAIMS


def test_an_account_is_checked_once_in_an_interval(app: Application, clock: Clock) -> None:
    """Counted from the sign-in, then from the last check."""
    state = app.start()
    clock.advance(INTERVAL - 1)
    assert not app.is_checked(state)
    clock.advance(2)
    assert app.is_checked(state)


def test_an_account_of_an_unknown_session_is_not_checked(app: Application, clock: Clock) -> None:
    """The session has ended, or belongs to another application."""
    state = app.start()
    clock.advance(INTERVAL + 1)
    others = AuthenticationRecord(TENANT, "another", "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
    assert not app.is_checked(SessionState(others, state.handle))
    assert not app.is_checked(SessionState(ADA, "another-handle"))
    assert not Application().is_checked(state)


def verified_as(monkeypatch: pytest.MonkeyPatch, outcome: Mapping[str, Any] | Exception) -> None:
    """Make the verification of every ID token return these claims, or raise the error."""

    def verify(source: KeySource, token: str, audiences: Any, *, waits: bool) -> Flow[Mapping[str, Any]]:
        assert (audiences, waits) == ({CLIENT}, True)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
        yield

    monkeypatch.setattr(KeySource, "verify", verify)


def refresh(app: Application, id_token: str | None = "an-id-token") -> None:
    """Accept the reply to a refresh."""
    reply = TokenReply("the-access-token", int(time.time()) + 3600, None, "Bearer", (), id_token=id_token)
    accept = app.sessions.user_tokens.accept_refresh
    assert accept is not None
    run(accept(reply, app.partition))


def test_a_refresh_renews_the_claims_of_all_sessions(
    app: Application, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And counts as a check of the account."""
    states = [app.start(), app.start()]
    clock.advance(INTERVAL)
    verified_as(monkeypatch, {**CLAIMS, "roles": ["Writer"], "nonce": "n"})
    refresh(app)
    assert [app.find(state) for state in states] == [{**CLAIMS, "roles": ["Writer"]}] * 2
    clock.advance(INTERVAL - 1)
    assert not app.is_checked(states[0])
    clock.advance(2)
    assert app.is_checked(states[0])


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "tid", "oid"])
@pytest.mark.parametrize("value", ["another", None])
def test_a_refresh_for_another_account_is_rejected(
    app: Application, name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these claims must stay the same (OpenID Connect Core 12.2)."""
    state = app.start()
    verified_as(monkeypatch, {**CLAIMS, name: value, "roles": ["Admin"]})
    with pytest.raises(EntraError, match="names another account") as caught:
        refresh(app)
    assert caught.value.error == "invalid_grant"
    assert app.find(state) == CLAIMS


def test_a_refresh_is_checked_against_sessions_that_are_not_in_memory(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has started them."""
    state = app.start()
    app.cache._partitions.clear()
    verified_as(monkeypatch, {**CLAIMS, "oid": "grace"})
    with pytest.raises(EntraError, match="names another account"):
        refresh(app)
    assert app.find(state) == CLAIMS


def test_a_refresh_with_an_id_token_that_is_not_acceptable_is_rejected(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signature is wrong, for example, or it belongs to another access token."""
    state = app.start()
    verified_as(monkeypatch, TokenRejectedError("the token's signature is wrong"))
    with pytest.raises(EntraError, match="signature is wrong"):
        refresh(app)
    verified_as(monkeypatch, {**CLAIMS, "roles": ["Admin"], "at_hash": "of another token"})
    with pytest.raises(EntraError, match="another access token"):
        refresh(app)
    assert app.find(state) == CLAIMS
    right = urlsafe_b64encode(sha256(b"the-access-token").digest()[:16]).rstrip(b"=").decode()
    verified_as(monkeypatch, {**CLAIMS, "roles": ["Writer"], "at_hash": right})
    refresh(app)
    assert app.find(state) == {**CLAIMS, "roles": ["Writer"]}


def test_a_refresh_is_accepted_while_the_keys_cannot_be_fetched(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ID token comes from the token endpoint itself. It must still name the same account."""
    state = app.start()
    verified_as(monkeypatch, KeysUnavailableError("unreachable"))
    refresh(app, jwt_of(**{**CLAIMS, "roles": ["Writer"]}))
    assert app.find(state) == {**CLAIMS, "roles": ["Writer"]}
    with pytest.raises(EntraError, match="names another account"):
        refresh(app, jwt_of(**{**CLAIMS, "oid": "grace"}))


def test_a_refresh_without_an_id_token_keeps_the_claims(
    app: Application, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authority may leave it out. The account has been checked all the same."""
    state = app.start()
    clock.advance(INTERVAL)
    verified_as(monkeypatch, AssertionError("there is nothing to verify"))
    refresh(app, None)
    assert app.find(state) == CLAIMS
    clock.advance(INTERVAL - 1)
    assert not app.is_checked(state)
    clock.advance(2)
    assert app.is_checked(state)


def test_a_refresh_is_accepted_while_the_store_cannot_be_written(
    app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Rejecting the reply would lose the refresh token in it. The session keeps its claims."""
    state = app.start()
    verified_as(monkeypatch, {**CLAIMS, "roles": ["Writer"]})
    app.store.is_full = True
    refresh(app)
    assert "The check of a session could not be stored" in caplog.text
    assert app.find(state) == CLAIMS


def test_tokens_are_kept_only_while_there_is_a_session(app: Application) -> None:
    """A token that arrives after the sign-out would outlive it."""
    may_keep = app.sessions.user_tokens.may_keep
    assert may_keep is not None
    state = app.start()
    cached = app.cache.peek(app.partition)
    assert cached is not None
    assert may_keep(cached.document)
    run(app.sessions.end(state))
    cached = app.cache.peek(app.partition)
    assert cached is not None
    assert not may_keep(cached.document)


def test_the_repr_of_a_session_shows_no_account(app: Application) -> None:
    """A log record or a traceback may contain it."""
    begun = app.sessions.begin(ADA, CLAIMS)
    for shown in (repr(begun), repr(begun.state), repr(Principal(ADA, CLAIMS, is_bearer=False))):
        assert "tenant.test" not in shown
        assert begun.state.handle not in shown
