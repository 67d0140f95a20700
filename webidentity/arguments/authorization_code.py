"""The constructor of AuthorizationCodeCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._flows.authorization_code import AuthorizationCodeGrant
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import OpenFirst, cache_from
from webidentity.arguments.client import client_from, secret_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class AuthorizationCodeArguments(Constructor):
    """Authenticates by redeeming an authorization code previously obtained from Microsoft Entra ID.

    The first request redeems the code, once, however many threads ask at that moment. From then on the credential
    serves any scope, of any resource, from its cache and by refresh token, if the code was authorized with
    ``offline_access``.

    :param str tenant_id: ID of the application's tenant. Also called its "directory" ID.
    :param str client_id: the application's client ID.
    :param str authorization_code: the authorization code from the user's sign-in.
    :param str redirect_uri: the redirect URI that the code was requested with.
    :keyword str client_secret: one of the application's client secrets. Required for web apps and web APIs.
    :keyword str code_verifier: the PKCE verifier of the authorization request (RFC 7636), if it had a challenge.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
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
        grant = code if cache_persistence_options is None else OpenFirst(cache, code)
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)
