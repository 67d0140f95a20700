"""get_bearer_token_provider: a callable in place of a credential."""

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
        return outcome  # type: ignore[no-any-return]

    return provided


class Old:
    """A credential from before get_token_info."""

    def __init__(self, driver: Driver, lifetime: int = 3600) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._lifetime = lifetime
        if driver.name == "aio":
            self.get_token = self._get_token_async  # type: ignore[method-assign]

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.calls.append(scopes)
        return AccessToken(f"old-{len(self.calls)}", int(time.time()) + self._lifetime)

    async def _get_token_async(self, *scopes: str, **options: Any) -> AccessToken:
        return Old.get_token(self, *scopes, **options)

    async def close(self) -> None: ...

    async def __aexit__(self, *args: object) -> None: ...


class New(Old):
    """One that has both calls."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        if driver.name == "aio":
            self.get_token_info = self._get_token_info_async  # type: ignore[method-assign]

    def get_token_info(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return AccessTokenInfo("new", int(time.time()) + 3600)

    async def _get_token_info_async(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return New.get_token_info(self, *scopes, **options)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_of_our_credentials_provides(make: Maker, driver: Driver, name: str) -> None:
    """And is asked once."""
    network = entra()
    provide = provider_of(driver, make(name, network).raw, SCOPE)
    assert not network.sent
    assert [provide(), provide()] == ["token-1", "token-1"]
    assert [sent.form["scope"] for sent in token_requests(network)] == [SCOPE]


def test_any_credential_of_azure_core_will_do(driver: Driver) -> None:
    """The newer call is preferred where there is one."""
    assert provider_of(driver, Old(driver), "scope")() == "old-1"
    assert provider_of(driver, New(driver), "scope")() == "new"


def test_each_provider_keeps_its_own_token(driver: Driver, clock: Clock) -> None:
    """Also of a credential that keeps none, until the token is due."""
    credential = Old(driver)
    first, second = (provider_of(driver, credential, "a", "b") for _ in range(2))
    assert [first(), first(), second(), first()] == ["old-1", "old-1", "old-2", "old-1"]
    clock.advance(3600 - 200)
    assert first() == "old-3"
    assert credential.calls == [("a", "b")] * 3


def test_the_credentials_errors_are_the_callers(driver: Driver) -> None:
    """Unchanged."""
    from azure.core.exceptions import ClientAuthenticationError

    from tests.kit.replies import refusal

    network = Canned(refusal("invalid_client", "AADSTS7000215", status=401))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        provider_of(driver, credential.raw, SCOPE)()


def test_a_provider_without_scopes_says_so(driver: Driver) -> None:
    """The credential's own message."""
    credential = driver.credential("ClientSecretCredential", Canned(token()), TENANT, CLIENT, "s3cret")
    with pytest.raises(ValueError, match="at least one scope"):
        provider_of(driver, credential.raw)()
