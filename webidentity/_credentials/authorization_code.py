"""AuthorizationCodeCredential."""

from collections.abc import Iterable
from typing import Any

from azure.core.credentials import AccessTokenInfo

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from, secret_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.authorization_code import AuthorizationCodeGrant
from webidentity._flows.token_source import TokenGrant, TokenSource
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class AuthorizationCodeConstructor(GrantConstructor, of="AuthorizationCodeCredential"):
    """Authenticates a user by redeeming an authorization code from Microsoft Entra ID.

    The first call redeems the code, exactly once, even if many threads call at the same time. If the code was requested
    with the scope ``offline_access``, later calls acquire tokens for any scope of any resource, from the cache or with
    the refresh token.

    :param str tenant_id: ID of the application's tenant, also called its directory ID.
    :param str client_id: the application's client ID.
    :param str authorization_code: the authorization code from the user's sign-in.
    :param str redirect_uri: the redirect URI of the authorization request.
    :keyword str client_secret: one of the application's client secrets. Required for web apps and web APIs.
    :keyword str code_verifier: the PKCE code verifier, if the authorization request had a code challenge (RFC 7636).
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises ValueError: an argument is empty or malformed.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        authorization_code: str,
        redirect_uri: str,
        *,
        client_secret: str | None = None,
        code_verifier: str | None = None,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        client = client_from(client_id, secret_from(client_secret, required=False), authority)
        cache = cache_from(token_cache, cache_persistence_options)
        code = AuthorizationCodeGrant.begin(client, cache, authorization_code, redirect_uri, code_verifier)
        grant = code if cache_persistence_options is None else _WithOpenCache(cache, code)
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)


class AuthorizationCodeCredential(AuthorizationCodeConstructor, Credential):
    __doc__ = AuthorizationCodeConstructor.__doc__


class _WithOpenCache:
    """A grant that opens the cache first: the code can be redeemed only once, so its tokens must not be lost."""

    def __init__(self, cache: TokenCache, grant: TokenGrant) -> None:
        self.cache = cache
        self.grant = grant

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises ValueError: the cache cannot be opened as the caller wants; the code was not redeemed.
        """
        yield from self.cache.open()
        return (yield from self.grant.token(request))
