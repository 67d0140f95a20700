"""Sessions: what the framework's session holds, and the entries in the token cache."""

import json
import time
from typing import Any

import pytest

from tests.kit.clock import Clock
from webidentity import AuthenticationRecord
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._transport.driver import SyncDriver
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.web import Settings, StartSession
from webidentity.web._sessions import Sessions, SessionState
from webidentity.web._tenants import TenantResolver

RECORD = AuthenticationRecord("t" * 36, "c" * 36, "login.microsoftonline.com", f"{'o' * 36}.{'t' * 36}", "a" * 113)
STATE = SessionState(RECORD, "h" * 43)
TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"
SETTINGS = Settings(TENANT, CLIENT, "the-secret", "login.microsoftonline.com")
OURS = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")


def sessions_of(settings: Settings = SETTINGS) -> Sessions:
    """Return the sessions of an application with an empty cache."""
    client = Client(settings.authority, settings.client_id, ClientSecret(settings.client_secret))
    user_tokens = UserTokens(client, TokenCache(MemoryStore(), KeyRing("a-secret-key")), settings.session_lifetime)
    return Sessions(settings, TenantResolver(settings), user_tokens)


def start(sessions: Sessions) -> SessionState:
    """Start a session."""
    begun = sessions.begin(OURS, {"sub": "ada"})
    cache, partition = sessions.user_tokens.cache, sessions.user_tokens.partition(TENANT, OURS.home_account_id)
    run(cache.update(partition, begun.enter, expires_at=time.time() + 3600, now=time.time()))
    return begun.state


def run(flow: Any) -> Any:
    """Run a flow that sends no request."""
    return SyncDriver(lambda _: None).run(flow)  # type: ignore[arg-type, return-value]


def test_a_state_is_read_as_it_was_written() -> None:
    """Frameworks store it as JSON."""
    assert SessionState.read(json.loads(json.dumps(STATE.to_json()))) == STATE


def test_a_state_is_small_for_the_longest_username() -> None:
    """User principal names in Entra have at most 113 characters."""
    assert len(json.dumps(STATE.to_json())) < 600


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        5,
        [],
        {},
        {"record": RECORD.serialize()},
        {"handle": "h"},
        {"record": RECORD.serialize(), "handle": ""},
        {"record": RECORD.serialize(), "handle": 5},
        {"record": "{}", "handle": "h"},
        {"record": {"version": "1.0"}, "handle": "h"},
        {"record": RECORD.serialize().replace("1.0", "2.0"), "handle": "h"},
    ],
)
def test_any_other_value_is_not_a_session(value: Any) -> None:
    """It may come from an earlier version, or from the application itself."""
    assert SessionState.read(value) is None


def test_the_handle_is_in_no_repr() -> None:
    """It is the secret of the session, and debug pages print the state."""
    assert "hhh" not in repr(STATE)
    assert "hhh" not in repr(StartSession(STATE.to_json(), same_user=True))
    assert "hhh" not in STATE.entry


def test_a_user_has_at_most_fifty_sessions(clock: Clock) -> None:
    """The oldest session ends when the fifty-first starts; the others stay."""
    sessions = sessions_of()
    states = []
    for _ in range(50):
        states.append(start(sessions))
        clock.advance(1)
    assert all(run(sessions.find(state)) == {"sub": "ada"} for state in states)
    states.append(start(sessions))
    assert run(sessions.find(states[0])) is None
    assert all(run(sessions.find(state)) == {"sub": "ada"} for state in states[1:])


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"authority": "login.example.com"}])
def test_a_session_of_another_application_or_authority_is_not_found(change: dict[str, str]) -> None:
    """The tenant resolver does not know it."""
    sessions = sessions_of()
    state = start(sessions)
    values = {
        name: getattr(OURS, name) for name in ("tenant_id", "client_id", "authority", "home_account_id", "username")
    }
    other = SessionState(AuthenticationRecord(**{**values, **change}), state.handle)
    assert run(sessions.find(other)) is None
    assert run(sessions.end(other)) == {}
    assert run(sessions.find(state)) == {"sub": "ada"}
