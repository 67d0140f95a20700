"""Tokens of a request's user: by refresh token for a session, on behalf of the caller for a bearer token."""

from collections.abc import Callable
from dataclasses import dataclass

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.acquire import NoTokenSourceError
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest
from webidentity.errors import AuthenticationRequiredError, EntraError


@dataclass(frozen=True, slots=True)
class SessionGrant:
    """Acquires tokens for a signed-in user, silently."""

    user_tokens: UserTokens
    home_account_id: str

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user.

        :raises AuthenticationRequiredError: only the user can settle what is missing.
        """
        return _or_challenge(request, lambda: self.user_tokens.token(request, self.home_account_id))


@dataclass(frozen=True, slots=True)
class BearerGrant:
    """Acquires tokens on behalf of the user whose client called."""

    on_behalf_of: OnBehalfOf

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user.

        :raises AuthenticationRequiredError: the client must send its user through consent or authentication.
        """
        return _or_challenge(request, lambda: self.on_behalf_of.token(request))


def _or_challenge(request: TokenRequest, begin: Callable[[], Flow[AccessTokenInfo]]) -> Flow[AccessTokenInfo]:
    try:
        return (yield from begin())
    except NoTokenSourceError:
        raise AuthenticationRequiredError(request.scopes, "The user has to sign in again.") from None
    except EntraError as error:
        if not error.needs_interaction:
            raise
        message = f"The user has to sign in, consent or prove more: {error.message}"
        raise AuthenticationRequiredError(
            request.scopes, message, error.claims or request.claims, response=error.response
        ) from error
