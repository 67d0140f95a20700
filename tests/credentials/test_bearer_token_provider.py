"""get_bearer_token_provider: a callable that returns tokens of a credential."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo

import webidentity
import webidentity.aio
from tests.kit.canned import Canned
from tests.kit.clock import Clock
from tests.kit.credential_kinds import KINDS, Maker, entra, token_requests
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, SCOPE, TENANT, token


def provider_of(driver: Driver, credential: Any, *scopes: str) -> Callable[[], str]:
    """Return the provider as a plain function."""
    if driver.name == "sync":
        return webidentity.get_bearer_token_provider(credential, *scopes)
    provide = webidentity.aio.get_bearer_token_provider(credential, *scopes)

    def provided() -> str:
        [outcome] = driver.together([provide])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return provided


class Old:
    """A credential with only get_token."""

    def __init__(self, driver: Driver, lifetime: int = 3600) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._lifetime = lifetime
        if driver.name == "aio":
            self.get_token = self._get_token_async

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.calls.append(scopes)
        return AccessToken(f"old-{len(self.calls)}", int(time.time()) + self._lifetime)

    async def _get_token_async(self, *scopes: str, **options: Any) -> AccessToken:
        return Old.get_token(self, *scopes, **options)

    async def close(self) -> None: ...

    async def __aexit__(self, *args: object) -> None: ...


class New(Old):
    """A credential with both methods."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        if driver.name == "aio":
            self.get_token_info = self._get_token_info_async

    def get_token_info(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return AccessTokenInfo("new", int(time.time()) + 3600)

    async def _get_token_info_async(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return New.get_token_info(self, *scopes, **options)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_credential_provides_a_token(make: Maker, driver: Driver, name: str) -> None:
    """It is called once for two tokens."""
    network = entra()
    provide = provider_of(driver, make(name, network).raw, SCOPE)
    assert not network.sent
    assert [provide(), provide()] == ["token-1", "token-1"]
    requested = [sent.form["scope"].removesuffix(" openid profile") for sent in token_requests(network)]
    assert requested == [SCOPE]


def test_any_credential_of_azure_core_is_accepted(driver: Driver) -> None:
    """get_token_info is preferred if the credential has it."""
    assert provider_of(driver, Old(driver), "scope")() == "old-1"
    assert provider_of(driver, New(driver), "scope")() == "new"


def test_each_provider_caches_its_token(driver: Driver, clock: Clock) -> None:
    """The provider keeps its token until it has to be refreshed, even if the credential caches nothing."""
    credential = Old(driver)
    first, second = (provider_of(driver, credential, "a", "b") for _ in range(2))
    assert [first(), first(), second(), first()] == ["old-1", "old-1", "old-2", "old-1"]
    clock.advance(3600 - 200)
    assert first() == "old-3"
    assert credential.calls == [("a", "b")] * 3


def test_errors_of_the_credential_are_raised_unchanged(driver: Driver) -> None:
    """The caller receives the same exception object."""
    from azure.core.exceptions import ClientAuthenticationError

    from tests.kit.replies import refusal

    network = Canned(refusal("invalid_client", "AADSTS7000215", status=401))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        provider_of(driver, credential.raw, SCOPE)()


def test_a_provider_without_scopes_raises_the_error_of_the_credential(driver: Driver) -> None:
    """The message explains how to pass scopes."""
    credential = driver.credential("ClientSecretCredential", Canned(token()), TENANT, CLIENT, "s3cret")
    with pytest.raises(ValueError, match="at least one scope"):
        provider_of(driver, credential.raw)()
