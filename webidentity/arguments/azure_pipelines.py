"""The constructor of AzurePipelinesCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.pipelines_authentication import PipelinesAuthentication
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class AzurePipelinesArguments(Constructor):
    """Authenticates a job of Azure Pipelines by workload identity federation of its service connection.

    :keyword str tenant_id: tenant ID of the service connection.
    :keyword str client_id: client ID of the service connection.
    :keyword str service_connection_id: the service connection's resource ID, from its address in the portal.
    :keyword str system_access_token: the pipeline's ``System.AccessToken``.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises ValueError: a required argument is empty.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        service_connection_id: str,
        system_access_token: str,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        if not (tenant_id and client_id and service_connection_id and system_access_token):
            raise ValueError(
                "'tenant_id', 'client_id', 'service_connection_id', and 'system_access_token' must be passed in as "
                "keyword arguments; map the last one with 'SYSTEM_ACCESSTOKEN: $(System.AccessToken)' in the step's env"
            )
        authentication = PipelinesAuthentication(service_connection_id, system_access_token)
        client = client_from(client_id, authentication, authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)
