"""Sessions: how many a user may have, and of which application and authority."""

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
from webidentity.web import Settings
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._tenants import TenantResolver

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


def test_a_user_has_at_most_fifty_sessions(clock: Clock) -> None:
    """The oldest session ends when the fifty-first starts; the others stay."""
    sessions = sessions_of()
    states = []
    for _ in range(50):
        states.append(start(sessions))
        clock.advance(1)
    assert all(run(sessions.find(state)).claims == {"sub": "ada"} for state in states)
    states.append(start(sessions))
    assert run(sessions.find(states[0])) is None
    assert all(run(sessions.find(state)).claims == {"sub": "ada"} for state in states[1:])


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
    assert run(sessions.find(state)).claims == {"sub": "ada"}
