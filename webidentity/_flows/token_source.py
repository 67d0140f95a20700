"""What a credential answers without running a flow: the tokens it has handed out and that are still fresh."""

import time
from typing import Protocol

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity._authority import Tenants
from webidentity._flows.acquire import serve_until
from webidentity._protocol.access_token import OpaqueAccessToken
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest, require_scopes, require_texts

Key = tuple[tuple[str, ...], str | None, bool]


class TokenGrant(Protocol):
    """A grant, ready to be asked."""

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return the flow that acquires the token."""
        ...


class FreshToken:
    """A token in both forms, and until when it is served without a second thought (Unix seconds)."""

    __slots__ = ("info", "serve_until", "token")

    def __init__(self, info: AccessTokenInfo) -> None:
        self.info = info
        self.token: AccessToken = OpaqueAccessToken(info.token, info.expires_on)
        self.serve_until = serve_until(info)


class TokenSource:
    """Stands between a credential's calls and its grant.

    :param tenants: where a call may ask for tokens.
    :param keeps_tokens: whether a fresh token is served again without asking the grant.
    """

    def __init__(self, grant: TokenGrant, tenants: Tenants, *, keeps_tokens: bool = True) -> None:
        self._grant = grant
        self._tenants = tenants
        self._keeps_tokens = keeps_tokens
        #: Read by the credentials themselves: this lookup is the whole of a cached ``get_token``.
        self.tokens: dict[Key, FreshToken] = {}

    def __getstate__(self) -> dict[str, object]:
        """Pickle without tokens."""
        return {**self.__dict__, "tokens": {}}

    def forget(self) -> None:
        """Serve nothing of what was handed out so far, nor of what calls that are under way will bring."""
        self.tokens = {}

    def flow(
        self, method: str, scopes: tuple[str, ...], claims: str | None, tenant_id: str | None, enable_cae: bool
    ) -> Flow[FreshToken]:
        """Check the call and return the flow that answers it.

        :raises ValueError: no scope was given, or the tenant is malformed.
        :raises ~azure.core.exceptions.ClientAuthenticationError: the tenant is not allowed.
        """
        require_scopes(scopes, method)
        require_texts(claims, tenant_id)
        tenant = self._tenants.resolve(tenant_id)
        return self._acquire((scopes, tenant_id, enable_cae), TokenRequest(scopes, tenant, claims, enable_cae))

    def _acquire(self, key: Key, request: TokenRequest) -> Flow[FreshToken]:
        tokens = self.tokens  # those of now: another user may have signed in before the reply is here
        info = yield from self._grant.token(request)
        served = FreshToken(info)
        if self._keeps_tokens and served.serve_until > time.time():
            tokens[key] = served
        else:
            # The one before may be what a resource refused, so that this one was asked for with claims.
            tokens.pop(key, None)
        return served


def read_options(options: TokenRequestOptions | None) -> tuple[str | None, str | None, bool]:
    """Return claims, tenant_id and enable_cae of a TokenRequestOptions; others are ignored."""
    given = options if options is not None else TokenRequestOptions()
    return given.get("claims"), given.get("tenant_id"), bool(given.get("enable_cae", False))
