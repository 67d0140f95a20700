"""One flow decides whether a request may reach its view."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit.request_facts import facts
from tests.kit.world import READ, SECRET_KEY, World
from webidentity.web import Answer, Granted, Identity, Requirements, Routes, Settings, Site


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
