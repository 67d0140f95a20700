"""The name of a partition and its stored keys are computed once at most for each call."""

import hmac
import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, SCOPE, TENANT, token, user_token
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.cache import _envelope as envelope
from webidentity.cache import _partition as partitions


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each computation of a name ("name") and of a stored key ("hmac")."""
    calls: list[str] = []
    # Another test may have had a user of the same name.
    partitions._of_user.cache_clear()

    def dumps(parts: Any) -> str:
        calls.append("name")
        return json.dumps(parts)

    def new(*args: Any) -> Any:
        calls.append("hmac")
        return hmac.new(*args)

    monkeypatch.setattr(partitions, "json", SimpleNamespace(dumps=dumps))
    monkeypatch.setattr(envelope, "hmac", SimpleNamespace(new=new))
    return calls


def test_a_first_get_token_computes_the_name_once(driver: Driver, computed: list[str]) -> None:
    """The lookup, the request in flight, the load and the update of the store use one computed name."""
    cache = TokenCache(MemoryStore(), KeyRing("secret"))
    network = Canned(token())
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "secret", token_cache=cache)
    credential.get_token(SCOPE)
    assert sorted(computed) == ["hmac", "name"]


def test_a_refresh_computes_no_name_again(driver: Driver, computed: list[str]) -> None:
    """The partition of the user's tenant is also the one that has the refresh token, and keeps its name."""
    cache = TokenCache(MemoryStore(), KeyRing("secret"))
    network = Canned(user_token(), user_token("second"))
    credential = driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "http://localhost/", token_cache=cache
    )
    credential.get_token("a")
    assert sorted(computed) == ["hmac", "name"]
    computed.clear()
    assert credential.get_token("b").token == "second"
    assert not computed
