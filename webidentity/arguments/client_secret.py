"""The constructor of ClientSecretCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from, secret_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class ClientSecretArguments(Constructor):
    """Authenticates as a service principal using a client secret.

    :param str tenant_id: ID of the service principal's tenant. Also called its "directory" ID.
    :param str client_id: the service principal's client ID.
    :param str client_secret: one of the service principal's client secrets.
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
        client_secret: str,
        *,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        client = client_from(client_id, secret_from(client_secret, required=True), authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)
