"""The tokens that a credential returns without running a flow, and the flow for all other calls."""

import time
from typing import Protocol, cast

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity._authority import Tenants, other_tenants_are_disabled
from webidentity._flows.acquire import serve_until
from webidentity._protocol.access_token import OpaqueAccessToken
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest, require_scopes, require_texts

#: How many fresh tokens one credential has at hand. The others are in its cache.
_MOST_TOKENS = 1000
Key = tuple[tuple[str, ...], str | None, bool]


class TokenGrant(Protocol):
    """A grant that acquires tokens."""

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return the flow that acquires the token."""
        ...


class QuickGrant(TokenGrant, Protocol):
    """A grant that may have a token at hand."""

    def fresh_token(self, request: TokenRequest) -> AccessTokenInfo | None:
        """Return a token that is cached and not due for renewal, None if :meth:`token` has to decide."""
        ...


class FreshToken:
    """A token in both forms, and the time until which it is served without running a flow (Unix seconds)."""

    __slots__ = ("info", "serve_until", "token")

    def __init__(self, info: AccessTokenInfo) -> None:
        self.info: AccessTokenInfo = info
        self.token: AccessToken = OpaqueAccessToken(info.token, info.expires_on)
        self.serve_until: float = serve_until(info)


class TokenSource:
    """Answers the calls of a credential, from its fresh tokens or from its grant.

    :param tenants: the tenants that a call may request tokens from.
    :param keeps_tokens: whether a fresh token is served again without running the grant.
    """

    def __init__(self, grant: TokenGrant, tenants: Tenants, *, keeps_tokens: bool = True) -> None:
        self._grant = grant
        self._tenants = tenants
        self._keeps_tokens = keeps_tokens
        #: Read by the credentials directly: this lookup is all that a cached ``get_token`` does.
        self.tokens: dict[Key, FreshToken] = {}

    def __getstate__(self) -> dict[str, object]:
        """Pickle without tokens."""
        return {**self.__dict__, "tokens": {}}

    def forget(self) -> None:
        """Stop serving the tokens so far, including those of calls that are still running."""
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

    def fresh(self, scopes: tuple[str, ...]) -> FreshToken | None:
        """Return a token of the default tenant if a :class:`QuickGrant` has one, so that no flow has to run for it.

        :param scopes: what :meth:`flow` would accept.
        """
        if not hasattr(self._grant, "fresh_token"):
            return None
        info = cast("QuickGrant", self._grant).fresh_token(TokenRequest(scopes, self._tenants.default))
        if info is None:
            return None
        fresh = FreshToken(info)
        self._keep(self.tokens, (scopes, None, False), fresh)
        return fresh

    def _acquire(self, key: Key, request: TokenRequest) -> Flow[FreshToken]:
        tokens = self.tokens  # bound now: forget() may replace them before the reply arrives
        info = yield from self._grant.token(request)
        fresh = FreshToken(info)
        _, tenant_id, _ = key
        # A token of the credential's own tenant is not served for another one that is disabled at the moment.
        is_for_call = tenant_id is None or not other_tenants_are_disabled()
        if is_for_call and fresh.serve_until > time.time():
            self._keep(tokens, key, fresh)
        else:
            # The earlier token may have been rejected by a resource, which is why this call had claims.
            tokens.pop(key, None)
        return fresh

    def _keep(self, tokens: dict[Key, FreshToken], key: Key, fresh: FreshToken) -> None:
        tokens.pop(key, None)  # The new token goes to the end: tokens are ordered by age.
        if not self._keeps_tokens:
            return
        tokens[key] = fresh
        if len(tokens) > _MOST_TOKENS:
            # Several at once, so that most calls need no copy of the keys.
            for oldest in list(tokens)[: len(tokens) - _MOST_TOKENS * 3 // 4]:
                tokens.pop(oldest, None)


def read_options(options: TokenRequestOptions | None) -> tuple[str | None, str | None, bool]:
    """Return claims, tenant_id and enable_cae of a TokenRequestOptions. Other options are ignored."""
    given = options if options is not None else TokenRequestOptions()
    return given.get("claims"), given.get("tenant_id"), bool(given.get("enable_cae", False))
