"""What a credential answers without running a flow: the tokens it has handed out and that are still fresh."""

import time
from collections.abc import Iterable
from typing import Protocol

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity.authority import resolve_tenant, validate_tenant_id
from webidentity.flows.acquire import serve_until
from webidentity.protocol.access_token import OpaqueAccessToken
from webidentity.protocol.effects import Flow
from webidentity.protocol.token_request import TokenRequest, require_scopes

Key = tuple[tuple[str, ...], str | None, bool]


class TokenGrant(Protocol):
    """A grant, ready to be asked."""

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return the flow that acquires the token."""
        ...


class Served:
    """A token in both forms, and until when it is served without a second thought (Unix seconds)."""

    __slots__ = ("info", "serve_until", "token")

    def __init__(self, info: AccessTokenInfo) -> None:
        self.info = info
        self.token: AccessToken = OpaqueAccessToken(info.token, info.expires_on)
        self.serve_until = serve_until(info)


class Front:
    """Stands between a credential's calls and its grant.

    :param tenant_id: the credential's own tenant.
    :param additionally_allowed_tenants: further tenants that a call may name.
    :raises ValueError: the tenant is malformed.
    """

    def __init__(
        self, grant: TokenGrant, tenant_id: str, additionally_allowed_tenants: Iterable[str] | None = None
    ) -> None:
        self._grant = grant
        self._tenant_id = validate_tenant_id(tenant_id)
        self._allowed = frozenset(additionally_allowed_tenants or ())
        #: Read by the credentials themselves: this lookup is the whole of a cached ``get_token``.
        self.tokens: dict[Key, Served] = {}

    def __getstate__(self) -> dict[str, object]:
        """Pickle without tokens."""
        return {**self.__dict__, "tokens": {}}

    def flow(
        self, method: str, scopes: tuple[str, ...], claims: str | None, tenant_id: str | None, enable_cae: bool
    ) -> Flow[Served]:
        """Check the call and return the flow that answers it.

        :raises ValueError: no scope was given, or the tenant is malformed.
        :raises ~azure.core.exceptions.ClientAuthenticationError: the tenant is not allowed.
        """
        require_scopes(scopes, method)
        tenant = resolve_tenant(self._tenant_id, tenant_id, self._allowed)
        return self._acquire((scopes, tenant_id, enable_cae), TokenRequest(scopes, tenant, claims, enable_cae))

    def _acquire(self, key: Key, request: TokenRequest) -> Flow[Served]:
        info = yield from self._grant.token(request)
        served = Served(info)
        if served.serve_until > time.time():
            self.tokens[key] = served
        else:
            # The one before may be what a resource refused, so that this one was asked for with claims.
            self.tokens.pop(key, None)
        return served


def read_options(options: TokenRequestOptions | None) -> tuple[str | None, str | None, bool]:
    """Return claims, tenant_id and enable_cae of a TokenRequestOptions; others are ignored."""
    given = options if options is not None else TokenRequestOptions()
    return given.get("claims"), given.get("tenant_id"), bool(given.get("enable_cae", False))
