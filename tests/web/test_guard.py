"""One flow decides whether a request may reach its view."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.request_facts import facts
from tests.kit.world import READ, SECRET_KEY, World
from webidentity import AuthenticationRecord
from webidentity._authority import Tenants
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.cache import StoreUnavailableError
from webidentity.errors import AuthenticationRequiredError, AuthorityUnavailableError, EntraError
from webidentity.web import Answer, Granted, Identity, Requirements, Routes, Settings, Site
from webidentity.web._credential import CredentialFactory, Drivers
from webidentity.web._identity import Principal
from webidentity.web._outages import token_unavailable
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    """A site without an adapter."""
    return Site(
        Settings(**world.settings),
        secret_keys=[SECRET_KEY],
        folder=tmp_path,
        routes=Routes,
        transport=world.transport,
    )


def bearer(world: World) -> Mapping[str, str]:
    """Return the header of a client."""
    return {"authorization": f"Bearer {world.access_token()}"}


@pytest.mark.parametrize("scopes", [[], "User.Read", [""]])
def test_requirements_check_themselves(scopes: Any) -> None:
    """The error is raised when the view is decorated, not at its first request."""
    with pytest.raises(ValueError, match="require_token"):
        Requirements(scopes)


def test_equal_requirements_are_equal() -> None:
    """A list of scopes becomes a tuple, so that the value is frozen."""
    assert Requirements([READ]) == Requirements((READ,))
    assert hash(Requirements([READ])) == hash(Requirements((READ,)))
    assert Requirements().scopes is None


def test_a_guard_identifies_the_request_once(site: Site, world: World) -> None:
    """A second guard uses the identity of the first one, and reads neither the headers nor the session."""
    first = site.run(site.guard(facts(headers=bearer(world)), None, Requirements()))
    assert isinstance(first, Granted)
    assert first.token is None
    second = site.run(site.guard(facts(), None, Requirements([READ]), identity=first.identity))
    assert isinstance(second, Granted)
    assert second.identity is first.identity
    assert second.token is not None


def test_a_request_starts_one_check_of_its_account(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its second guard does not start another one."""
    checked: list[str] = []

    def check_beside(sessions: Sessions, state: SessionState) -> Flow[None]:
        checked.append(state.record.username)
        return
        yield

    monkeypatch.setattr(Sessions, "check_beside", check_beside)
    record = AuthenticationRecord("tenant", "client", "login.test", "ada.tenant", "ada@tenant.test")
    identity = Identity(Principal(record, {}, is_bearer=False))
    identity.due = SessionState(record, "handle")
    for _ in range(2):
        outcome = site.run(site.guard(facts(), None, Requirements(), identity=identity))
        assert isinstance(outcome, Granted)
    assert checked == ["ada@tenant.test"]


def test_a_request_without_its_token_starts_no_check_of_its_account(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user has to sign in again, or the authority does not answer."""

    class Refusing:
        def token(self, request: TokenRequest) -> Any:
            raise AuthenticationRequiredError(request.scopes)

    monkeypatch.setattr(Sessions, "check_beside", lambda *_: pytest.fail("a check is started"))
    record = AuthenticationRecord("tenant", "client", "login.test", "ada.tenant", "ada@tenant.test")
    drivers = Drivers(SyncDriver(lambda _: None), AsyncDriver(lambda _: None))
    factory = CredentialFactory(Refusing(), Tenants("tenant"), drivers)
    identity = Identity(Principal(record, {}, is_bearer=False), lambda: factory)
    identity.due = SessionState(record, "handle")
    outcome = site.run(site.guard(facts(), None, Requirements([READ]), identity=identity))
    assert isinstance(outcome, Answer)


def test_an_identity_that_is_known_to_be_anonymous_is_challenged(site: Site, world: World) -> None:
    """The guard does not identify the request again."""
    outcome = site.run(site.guard(facts(headers=bearer(world)), None, Requirements(), identity=Identity()))
    assert isinstance(outcome, Answer)
    assert outcome.status == 401


def test_without_scopes_no_token_is_acquired(site: Site, world: World) -> None:
    """The guard asks for the tenant's keys only."""
    site.run(site.guard(facts(headers=bearer(world)), None, Requirements()))
    assert not any(request.path.endswith("/token") for request in world.transport.requests)


def test_the_flow_is_the_same_on_an_event_loop(site: Site, world: World) -> None:
    """Run by the async driver."""
    import asyncio

    outcome = asyncio.run(site.arun(site.guard(facts(headers=bearer(world)), None, Requirements([READ]))))
    assert isinstance(outcome, Granted)


def test_a_preflight_needs_no_user(site: Site) -> None:
    """The browser sends it without credentials, and sends the request itself only if it is answered."""
    headers = {"origin": "https://app.test", "access-control-request-method": "POST"}
    outcome = site.run(site.guard(facts(method="OPTIONS", headers=headers), None, Requirements([READ])))
    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.body) == (204, "")


def test_a_page_without_a_token_says_what_the_administrator_needs() -> None:
    """The codes and the correlation ID, or that there are none."""
    error = EntraError("AADSTS50000: failed", error_codes=(50000,))
    error.correlation_id = "00000000-1111-2222-3333-444444444444"
    answer = token_unavailable(facts(), error, "https://login.test")
    assert answer.status == 502
    assert "AADSTS50000" in answer.body
    assert "Correlation ID: 00000000-1111-2222-3333-444444444444" in answer.body
    for unknown in (EntraError("failed"), ClientAuthenticationError("no certificate")):
        answer = token_unavailable(facts(), unknown, "https://login.test")
        assert answer.status == 502
        assert "Correlation ID: none" in answer.body


@pytest.mark.parametrize(
    ("message", "correlation_id", "logged"),
    [
        ("AADSTS50000: failed.", "the-id", "AADSTS50000: failed (Correlation ID: the-id)"),
        ("AADSTS50000: failed. Correlation ID: the-id", "the-id", "AADSTS50000: failed. Correlation ID: the-id"),
        ("AADSTS50000: failed.", None, "AADSTS50000: failed."),
    ],
    ids=["added", "not repeated", "unknown"],
)
def test_the_log_has_the_correlation_id_once(
    message: str, correlation_id: str | None, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And nothing about it if no request was sent."""
    token_unavailable(facts(), EntraError(message, correlation_id=correlation_id), "https://login.test")
    assert caplog.messages == [f"A token request failed: {logged}"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(AuthorityUnavailableError("down", retry_after=7), "7"), (StoreUnavailableError("the disk is full"), "10")],
)
def test_an_outage_is_temporary(error: Any, seconds: str) -> None:
    """Programs read after how many seconds to try again. The reason is in the log only."""
    answer = token_unavailable(facts(headers={"accept": "application/json"}), error, "https://login.test")
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (503, seconds)
    assert json.loads(answer.body)["error"] == "temporarily_unavailable"
    assert "disk" not in answer.body


def test_an_identity_without_credentials_is_challenged_for_a_token(site: Site) -> None:
    """Another adapter may have created it. Its user gets a page that needs no token."""
    identity = Identity(Principal(AuthenticationRecord("t", "c", "a", "h", "u"), {}, is_bearer=False))
    needed = site.run(site.guard(facts(), None, Requirements([READ]), identity=identity))
    assert isinstance(needed, Answer)
    assert needed.status == 302
    assert isinstance(site.run(site.guard(facts(), None, Requirements(), identity=identity)), Granted)
