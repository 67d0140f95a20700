"""ClientAssertionCredential: when its callable is called, and how the result is used."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
from tests.kit.canned import Canned
from tests.kit.certificates import key_pair
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver, Transports
from tests.kit.replies import CLIENT, SCOPE, TENANT, refusal, token
from webidentity.cache import TokenCache
from webidentity.testing import LocalTenant, SigningKeyPair


def credential_of(driver: Driver, network: Transports, func: Any, **options: Any) -> Credential:
    arguments = {"tenant_id": TENANT, "client_id": CLIENT, "retry_total": 0, **options}
    return driver.credential("ClientAssertionCredential", network, func=func, **arguments)


def numbered() -> Canned:
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"))
    return network


class Assertions:
    """Returns a different assertion each time."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        return f"assertion-{self.calls}"

    def make(self) -> str:
        return self()


def test_the_callable_is_called_for_each_token_request(driver: Driver, clock: Clock) -> None:
    """Each token request calls the callable; a cached token does not."""
    assertions, network = Assertions(), numbered()
    credential = credential_of(driver, network, assertions)
    assert assertions.calls == 0
    for _ in range(3):
        credential.get_token("a/.default")
    credential.get_token("b/.default")
    clock.advance(3601)
    credential.get_token("a/.default")
    assert [form["client_assertion"] for form in network.forms] == ["assertion-1", "assertion-2", "assertion-3"]
    assert assertions.calls == 3


def test_the_form_has_the_assertion_and_no_secret(driver: Driver) -> None:
    """RFC 7523, section 2.2."""
    network = numbered()
    credential_of(driver, network, lambda: "the-assertion").get_token(SCOPE)
    assert network.forms == [
        {
            "client_id": CLIENT,
            "client_assertion": "the-assertion",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_info": "1",
            "grant_type": "client_credentials",
            "scope": SCOPE,
        }
    ]


def test_a_coroutine_function_is_awaited_by_the_async_credential(driver: Driver) -> None:
    """The sync credential raises an error that explains it."""

    async def func() -> str:
        await asyncio.sleep(0)
        return "awaited"

    network = numbered()
    credential = credential_of(driver, network, func)
    if driver.name == "aio":
        credential.get_token(SCOPE)
        assert network.forms[0]["client_assertion"] == "awaited"
        return
    with pytest.raises(TypeError, match=r"webidentity\.aio"):
        credential.get_token(SCOPE)
    assert not network.sent


@pytest.mark.parametrize("returned", [None, "", b"assertion", 5, ["assertion"]])
def test_an_assertion_that_is_not_a_string_is_refused(driver: Driver, returned: Any) -> None:
    """The error is raised before anything is sent, and says what the callable must return."""
    network = numbered()
    with pytest.raises(ValueError, match="must return a signed token as a non-empty string"):
        credential_of(driver, network, lambda: returned).get_token(SCOPE)
    assert not network.sent


def test_errors_of_the_callable_are_raised_unchanged(driver: Driver) -> None:
    """The next call tries again. One note says where the error came from."""
    failure = KeyError("vault")

    def func() -> str:
        if failures:
            raise failures.pop()
        return "assertion"

    failures: list[Exception] = [failure, failure]
    network = numbered()
    credential = credential_of(driver, network, func)
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            credential.get_token(SCOPE)
        assert caught.value is failure
    assert len(failure.__notes__) == 1
    assert "in func" in failure.__notes__[0]
    assert credential.get_token(SCOPE).token == "token-1"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Assertions(),
        lambda: Assertions().make,
        lambda: partial(str, "assertion"),
        lambda: "assertion".strip,
    ],
    ids=["object", "method", "partial", "method of a builtin"],
)
def test_any_callable_is_accepted(driver: Driver, clock: Clock, make: Callable[[], Callable[[], str]]) -> None:
    """A callable without weak references works too, and tokens in their refresh window are still found."""
    network = numbered()
    credential = credential_of(driver, network, make())
    assert credential.get_token(SCOPE).token == "token-1"
    clock.advance(3600 - 100)
    network._answer = lambda _: refusal("temporarily_unavailable", status=503)
    assert credential.get_token(SCOPE).token == "token-1"
    driver.settle()


def test_credentials_share_a_cache_if_their_callable_is_the_same(driver: Driver) -> None:
    """Two callables may belong to two app registrations."""
    cache, network = TokenCache(), numbered()
    one, other = Assertions(), Assertions()
    tokens = [
        credential_of(driver, network, func, token_cache=cache).get_token(SCOPE).token
        for func in (one, one, other, one.make, one.make)
    ]
    assert tokens == ["token-1", "token-1", "token-2", "token-3", "token-3"]


def test_a_tenant_accepts_a_federated_token(driver: Driver) -> None:
    """The tenant accepts a token of an issuer that the app trusts, and explains a wrong subject."""
    tenant, key = LocalTenant(), SigningKeyPair("key", key_pair(name="issuer")[0])
    app = tenant.add_app("workload")
    tenant.trust(app, issuer="https://issuer.test", subject="repo:shop", key=key)

    def assertion(subject: str) -> str:
        claims = {"iss": "https://issuer.test", "sub": subject, "aud": "api://AzureADTokenExchange"}
        return key.sign({**claims, "exp": 4_000_000_000})

    options = {"tenant_id": tenant.tenant_id, "client_id": app.client_id, "authority": tenant.base_url}
    assert credential_of(driver, tenant, lambda: assertion("repo:shop"), **options).get_token(SCOPE).token
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS700213.*Compare the token's issuer, subject"):
        credential_of(driver, tenant, lambda: assertion("repo:other"), **options).get_token(SCOPE)


def test_the_keyword_is_that_of_azure_identity() -> None:
    """``func``."""
    with pytest.raises(TypeError, match="func"):
        webidentity.ClientAssertionCredential(TENANT, CLIENT)
