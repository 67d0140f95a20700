"""What the reply to a refresh changes in a user's sessions (OpenID Connect Core 12.2)."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.replies import jwt_of
from tests.kit.session_application import CLAIMS, CLIENT, INTERVAL, Application, run
from webidentity import EntraError
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.verification import TokenRejectedError


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
    app.store.refuses_writes = True
    refresh(app)
    assert "The check of a session could not be stored" in caplog.text
    assert app.find(state) == CLAIMS
