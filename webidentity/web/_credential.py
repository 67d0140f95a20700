"""The credentials that act for a request's user, and the grants that acquire their tokens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from webidentity._authority import Tenants
from webidentity._credentials.base import TokenCalls
from webidentity._flows.acquisition import NoTokenSourceError
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._flows.token_source import TokenGrant, TokenSource
from webidentity._protocol.effects import Flow
from webidentity._protocol.request_name import correlation_id_of
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.aio._base import AsyncTokenCalls
from webidentity.errors import AuthorityUnavailableError, EntraError
from webidentity.web._outages import retry_after_of, unreachable
from webidentity.web._user_needed import UserNeededError


class UserCredential(TokenCalls):
    """Acts for the user of one request. Every Azure SDK client accepts it.

    It never prompts. If the user must sign in, consent or authenticate again, it raises an
    :class:`~webidentity.AuthenticationRequiredError`, and the adapters answer the request with the right challenge.
    """

    def __init__(self, token_source: TokenSource, driver: SyncDriver) -> None:
        self._token_source = token_source
        self._driver = driver

    def close(self) -> None:
        """Do nothing: the transport belongs to the application."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Do nothing."""


class AsyncUserCredential(AsyncTokenCalls):
    """Acts for the user of one request, for async Azure SDK clients. It works on any event loop."""

    def __init__(self, token_source: TokenSource, driver: AsyncDriver) -> None:
        self._token_source = token_source
        self._driver = driver

    async def close(self) -> None:
        """Do nothing: the transport belongs to the application."""

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """The drivers that run an application's flows: on a thread, and on an event loop."""

    sync: SyncDriver
    aio: AsyncDriver


class CredentialFactory:
    """Creates both credentials of one request. They share their tokens."""

    def __init__(self, grant: TokenGrant, tenants: Tenants, drivers: Drivers) -> None:
        self.token_source: TokenSource = TokenSource(grant, tenants)
        self._drivers = drivers

    def sync(self) -> UserCredential:
        """Return the sync credential."""
        return UserCredential(self.token_source, self._drivers.sync)

    def aio(self) -> AsyncUserCredential:
        """Return the async credential."""
        return AsyncUserCredential(self.token_source, self._drivers.aio)


@dataclass(slots=True, eq=False)  # not frozen: one for each request, see docs/decisions/web.md
class SessionGrant:
    """Acquires tokens silently for a user with a session.

    :param login_hint: names the user to the authority if a sign-in is needed.
    """

    user_tokens: UserTokens
    home_account_id: str
    login_hint: str | None = field(default=None, repr=False)

    def fresh_token(self, request: TokenRequest) -> AccessTokenInfo | None:
        """Return a token that is cached and not due for renewal, None if a flow has to decide."""
        return self.user_tokens.fresh_token(request, self.home_account_id)

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user.

        :raises AuthenticationRequiredError: the user must sign in, consent or authenticate again.
        :raises AuthorityUnavailableError: the authority cannot be reached, or asked for a pause.
        """
        try:
            start = partial(self.user_tokens.token, request, self.home_account_id)
            return (yield from _or_challenge(request, start, self.user_tokens.client.authority))
        except UserNeededError as error:
            error.login_hint = self.login_hint
            raise


@dataclass(frozen=True, slots=True)
class BearerGrant:
    """Acquires tokens on behalf of the user of a bearer token."""

    on_behalf_of: OnBehalfOf

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user.

        :raises AuthenticationRequiredError: the client must have its user consent or authenticate again.
        """
        return _or_challenge(request, partial(self.on_behalf_of.token, request), self.on_behalf_of.client.authority)


def _or_challenge(
    request: TokenRequest, start: Callable[[], Flow[AccessTokenInfo]], authority: str
) -> Flow[AccessTokenInfo]:
    try:
        return (yield from start())
    except NoTokenSourceError:
        raise UserNeededError(request.scopes, "The user must sign in again.") from None
    except (ServiceRequestError, ServiceResponseError) as error:
        # Azure SDK clients would take the network's error for one of their own requests.
        unavailable = AuthorityUnavailableError(unreachable(error, authority), retry_after=retry_after_of(error) or 1)
        unavailable.correlation_id = correlation_id_of(error)
        raise unavailable from error
    except EntraError as error:
        if not error.needs_interaction:
            raise
        message = f"The user must sign in, consent or authenticate again: {error.message}"
        raise UserNeededError(
            request.scopes, message, error.claims or request.claims, response=error.response
        ) from error
