"""Which verified access tokens act for a user, and what is answered to the others."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.request_facts import facts
from tests.kit.world import SECRET_KEY, World
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.effects import Flow
from webidentity._protocol.verification import TokenRejectedError
from webidentity.web import Answer, Identity, Routes, Settings, Site

USER = {"azp": "a-client", "scp": "Files.Read", "tid": "t", "oid": "ada", "sub": "s"}


@pytest.fixture
def world() -> World:
    """A tenant."""
    return World()


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    """A site without an adapter, which accepts a further audience."""
    return Site(
        Settings(**world.settings, audiences=("api://another-name",)),
        secret_keys=[SECRET_KEY],
        folder=tmp_path,
        routes=Routes,
        transport=world.transport,
    )


def identified(site: Site, monkeypatch: pytest.MonkeyPatch, outcome: Mapping[str, Any] | Exception) -> Identity:
    """Return the identity of a request whose token is verified with this outcome."""

    def verify(source: KeySource, token: str, audiences: Any) -> Flow[Mapping[str, Any]]:
        client_id = site.settings.client_id
        assert token == "a-token"
        assert set(audiences) == {client_id, f"api://{client_id}", "api://another-name"}
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
        yield

    monkeypatch.setattr(KeySource, "verify", verify)
    identity: Identity = site.run(site.identify(facts(headers={"authorization": "Bearer a-token"}), None))
    return identity


def refusal(identity: Identity) -> Answer:
    assert not identity
    assert identity.credentials is None
    assert identity.refusal is not None
    return identity.refusal


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"idtyp": "user"},
        {"roles": ["Admin"]},
        {"azp": None, "appid": "a-client"},
        {"scp": "Files.Read Files.Write"},
    ],
)
def test_a_token_that_acts_for_a_user_is_accepted(
    site: Site, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a client and at least one scope. Roles of the user make no difference."""
    claims = {**USER, **changes}
    identity = identified(site, monkeypatch, claims)
    assert (bool(identity), identity.is_bearer, identity.refusal) == (True, True, None)
    assert identity.claims == claims
    assert identity.credentials is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"scp": None, "idtyp": "app"},
        {"idtyp": "app"},
        {"scp": None, "roles": ["Files.Read.All"]},
        {"scp": " ", "roles": ["Files.Read.All"]},
        {"scp": ["Files.Read"], "roles": ["Files.Read.All"]},
    ],
)
def test_a_token_of_an_application_is_refused(
    site: Site, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody signed in: an exchange on behalf of the user is not possible (RFC 6750 section 3.1)."""
    answer = refusal(identified(site, monkeypatch, {**USER, **changes}))
    assert (answer.status, json.loads(answer.body)["error"]) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in dict(answer.headers)["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"azp": None}, "is an ID token"),
        ({"azp": "", "appid": ""}, "is an ID token"),
        ({"azp": ["a"]}, "is an ID token"),
        ({"scp": None}, "grants nothing"),
        ({"scp": ""}, "grants nothing"),
        ({"scp": "  "}, "grants nothing"),
        ({"scp": None, "roles": []}, "grants nothing"),
    ],
)
def test_a_token_that_grants_nothing_is_refused(
    site: Site, changes: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ID token has the same issuer, keys and audience, and is not for APIs."""
    answer = refusal(identified(site, monkeypatch, {**USER, **changes}))
    assert (answer.status, json.loads(answer.body)["error"]) == (401, "invalid_token")
    assert reason in json.loads(answer.body)["message"]
    assert reason in dict(answer.headers)["WWW-Authenticate"]


def test_a_token_that_cannot_be_verified_is_refused_with_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is in the header, in a form that cannot end it."""
    answer = refusal(identified(site, monkeypatch, TokenRejectedError('the "audience" is wrong\r\nX: y')))
    header = dict(answer.headers)["WWW-Authenticate"]
    assert answer.status == 401
    assert header == 'Bearer error="invalid_token", error_description="the audience is wrong X: y"'


def test_a_token_is_not_refused_while_the_keys_cannot_be_fetched(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tries again with the same token."""
    answer = refusal(identified(site, monkeypatch, KeysUnavailableError("unreachable")))
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (503, "5")
    assert "WWW-Authenticate" not in dict(answer.headers)


def test_an_outage_is_logged_once_a_minute_and_its_end(
    site: Site, monkeypatch: pytest.MonkeyPatch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each request of each client fails during it."""

    def logged() -> list[str]:
        found = [record.getMessage() for record in caplog.records if record.name == "webidentity.web"]
        caplog.clear()
        return found

    clock.stop()
    caplog.set_level("INFO", "webidentity.web")
    for _ in range(3):
        refusal(identified(site, monkeypatch, KeysUnavailableError("down (the name of the host was not found)")))
    (first,) = logged()
    assert first.startswith("Bearer tokens cannot be verified: down")
    assert first.endswith("pass transport=local_tenant.transport()")
    clock.advance(59)
    refusal(identified(site, monkeypatch, KeysUnavailableError("down")))
    assert logged() == []
    clock.advance(1)
    refusal(identified(site, monkeypatch, KeysUnavailableError("still down")))
    assert len(logged()) == 1
    for _ in range(2):
        assert identified(site, monkeypatch, USER)
    assert logged() == ["Bearer tokens can be verified again"]
    refusal(identified(site, monkeypatch, KeysUnavailableError("down again")))
    assert len(logged()) == 1
