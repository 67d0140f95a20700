"""The credentials of a request: what they raise when there is no token."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError

from webidentity import AuthenticationRequiredError
from webidentity._authority import Tenants
from webidentity._flows.acquisition import NoTokenSourceError
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.driver import SyncDriver
from webidentity.errors import AuthorityUnavailableError, EntraError
from webidentity.web._credential import BearerGrant, CredentialFactory, Drivers, SessionGrant

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
REQUEST = TokenRequest(("api://files/Read",), "tenant", CLAIMS)


class Failing:
    """Acquires no token."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.client = SimpleNamespace(authority="https://login.tenant.test")

    def token(self, *_: Any) -> Flow[None]:
        raise self._error
        yield


def raised(error: Exception, kind: str) -> Exception:
    """Return what the grant raises in place of the error."""
    failing: Any = Failing(error)
    grant = SessionGrant(failing, "ada.tenant") if kind == "session" else BearerGrant(failing)
    with pytest.raises(Exception) as caught:
        SyncDriver(lambda _: None).run(grant.token(REQUEST))
    return caught.value


@pytest.fixture(params=["session", "bearer"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of users."""
    value: str = request.param
    return value


def test_a_user_without_tokens_must_sign_in(kind: str) -> None:
    """The challenge asks for the scopes. No Azure SDK client retries it."""
    error = raised(NoTokenSourceError(), kind)
    assert isinstance(error, AuthenticationRequiredError)
    assert not isinstance(error, AzureError)
    assert (error.scopes, error.__suppress_context__) == (REQUEST.scopes, True)


def test_a_refusal_that_the_user_can_solve_is_a_challenge(kind: str) -> None:
    """With the claims of the refusal, or those that the caller asked for."""
    refusal = EntraError("consent", error="interaction_required", claims='{"a":1}')
    error = raised(refusal, kind)
    assert isinstance(error, AuthenticationRequiredError)
    assert (error.scopes, error.claims, error.__cause__) == (REQUEST.scopes, '{"a":1}', refusal)
    error = raised(EntraError("consent", error="interaction_required"), kind)
    assert isinstance(error, AuthenticationRequiredError)
    assert error.claims == CLAIMS


def test_other_refusals_are_raised_as_they_are(kind: str) -> None:
    """The user cannot help."""
    refusal = EntraError("the secret has expired", error="invalid_client")
    assert raised(refusal, kind) is refusal


def test_an_unreachable_authority_is_an_error_of_its_own(kind: str) -> None:
    """An Azure SDK client would take the network's error for one of its own requests."""
    error = raised(ServiceRequestError("https://x.test/?secret=abc"), kind)
    assert isinstance(error, AuthorityUnavailableError)
    assert error.retry_after == 5
    assert "secret" not in str(error)


def test_credentials_can_be_entered() -> None:
    """As those of azure-identity. Leaving them closes nothing that other requests need."""
    failing: Any = Failing(NoTokenSourceError())
    drivers: Any = Drivers(None, None)
    factory = CredentialFactory(failing, Tenants("11111111-1111-1111-1111-111111111111"), drivers)
    sync, aio = factory.sync(), factory.aio()
    with sync as entered:
        assert entered is sync

    async def enter() -> None:
        async with aio as entered:
            assert entered is aio

    asyncio.run(enter())
