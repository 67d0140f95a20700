"""How often signing keys are searched for, and who waits for them."""

import time
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.key_authority import ISSUER, Api
from tests.kit.replies import CLIENT
from tests.kit.signed_tokens import claims, key_set, sign
from webidentity._flows.key_source import KeysUnavailableError
from webidentity._protocol.effects import Start, Wait
from webidentity._protocol.verification import UnknownKeyError
from webidentity._transport.pipeline import SyncPipeline

AUDIENCES = frozenset({CLIENT})


@pytest.fixture
def api(driver: Driver) -> Api:
    """An API without any keys yet."""
    return Api(driver)


def token(by: str = "tenant") -> str:
    """Return a token that is valid for two days."""
    now = int(time.time())
    return sign(claims(iss=ISSUER, iat=now, nbf=now, exp=now + 48 * 3600), by=by)


def test_the_issuer_is_fetched_with_the_keys(api: Api, clock: Clock) -> None:
    """Once. A rotation right after that is picked up."""
    assert api.driver.run(api.source.issuer(), api.authority.send) == ISSUER
    api.authority.keys = key_set("tenant", "rotated")
    assert api.claims(token("rotated"))
    assert api.authority.requests_made == 4
    clock.advance(3600)
    assert api.driver.run(api.source.issuer(), api.authority.send) == ISSUER
    assert api.authority.requests_made == 4


def test_a_rotation_right_after_the_daily_fetch_is_picked_up(api: Api, clock: Clock) -> None:
    """The daily fetch is not a fetch because of an unknown key."""
    api.claims(token())
    clock.advance(25 * 3600)
    api.claims(token())
    api.driver.settle()
    api.authority.keys = key_set("tenant", "rotated")
    assert api.claims(token("rotated"))


@pytest.mark.parametrize("is_first", [True, False], ids=["metadata", "keys"])
def test_the_body_of_an_error_is_not_used(api: Api, is_first: bool) -> None:
    """Even if it has the form of metadata or keys."""
    metadata, keys = Reply(api.authority.metadata, 404 if is_first else 200), Reply(api.authority.keys, 404)
    api.authority.network = Canned(*([metadata] if is_first else [metadata, keys]))
    api.authority.send = SyncPipeline(transport=api.authority.network.transport(), retry_total=0).send
    with pytest.raises(KeysUnavailableError):
        api.claims(token())
    assert api.authority.requests_made == (1 if is_first else 2)


def test_the_log_says_that_the_keys_are_at_another_host(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The operator sees why no token is accepted."""
    api.authority.metadata = {"issuer": ISSUER, "jwks_uri": "https://internal.corp/keys"}
    with pytest.raises(KeysUnavailableError, match="the keys are not at the authority"):
        api.claims(token())
    assert "its keys are at another host" in caplog.text


def test_a_failed_search_is_not_repeated_at_once(api: Api, clock: Clock) -> None:
    """Nothing is started for more tokens with unknown keys: no thread, no task."""
    with pytest.raises(StopIteration):
        _answer(api.source.verify(token(), AUDIENCES), api)
    clock.advance(61)
    api.authority.is_down = True
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            _answer(api.source.verify(token("unknown"), AUDIENCES), api)
    assert api.authority.requests_made == 3
    clock.advance(6)
    first = api.source.verify(token("unknown"), AUDIENCES)
    assert isinstance(next(first), Start)
    with pytest.raises(KeysUnavailableError):
        next(api.source.verify(token("unknown"), AUDIENCES))
    first.close()


def _answer(flow: Any, api: Api) -> None:
    """Send the requests of a flow that has no other effects."""
    effect = next(flow)
    while True:
        try:
            reply = api.authority.send(effect.request)
        except AzureError as error:
            effect = flow.throw(error)
        else:
            effect = flow.send(reply)


def test_a_search_beside_a_caller_counts(api: Api, clock: Clock) -> None:
    """Keys that were just searched for an unknown one are not fetched again for the next."""
    api.claims(token())
    clock.advance(61)
    api.authority.is_down = True
    with pytest.raises(KeysUnavailableError):
        api.claims(token("unknown"))
    api.authority.is_down = False
    # Both searches must not be in the same minute.
    clock.advance(61)
    with pytest.raises(KeysUnavailableError):
        api.claims(token("unknown"))
    api.driver.settle()
    requests_made = api.authority.requests_made
    with pytest.raises(UnknownKeyError):
        api.claims(token("unknown"))
    assert api.authority.requests_made == requests_made


def test_a_failed_daily_fetch_counts_for_a_sign_in(api: Api, clock: Clock) -> None:
    """The authority is not asked again within five seconds. No key was searched for."""
    api.claims(token())
    clock.advance(25 * 3600)
    api.authority.is_down = True
    api.claims(token())
    api.driver.settle()
    requests_made = api.authority.requests_made
    with pytest.raises(KeysUnavailableError):
        api.claims(token("unknown"), waits=True)
    assert api.authority.requests_made == requests_made


def test_an_unknown_key_does_not_wait_for_a_daily_fetch_that_begins(api: Api, clock: Clock) -> None:
    """A client can invent key IDs: its request must not wait for a thread that has not started."""
    api.claims(token())
    clock.advance(25 * 3600)
    first = api.source.verify(token(), AUDIENCES)
    assert isinstance(next(first), Start)
    with pytest.raises(KeysUnavailableError):
        next(api.source.verify(token("unknown"), AUDIENCES))
    first.close()


def test_a_caller_that_cannot_wait_leaves_the_fetch_to_its_leader(api: Api, clock: Clock) -> None:
    """Others still wait for the leader."""
    api.claims(token())
    clock.advance(61)
    leader = api.source.verify(token("rotated"), AUDIENCES)
    next(leader)
    second = api.source.verify(token("rotated"), AUDIENCES, waits=True)
    assert isinstance(next(second), Wait)
    with pytest.raises(KeysUnavailableError):
        # A thread never waits for itself.
        second.send(False)
    third = api.source.verify(token("rotated"), AUDIENCES, waits=True)
    assert isinstance(next(third), Wait)
    third.close()
    leader.close()
