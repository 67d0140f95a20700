"""AzurePipelinesCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.assertion_authentication import PipelinesAuthentication
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class AzurePipelinesConstructor(GrantConstructor, of="AzurePipelinesCredential"):
    """Authenticates an Azure Pipelines job with its service connection (workload identity federation).

    :keyword str tenant_id: tenant ID of the service connection.
    :keyword str client_id: client ID of the service connection.
    :keyword str service_connection_id: the service connection's resource ID, which is part of its URL in the portal.
    :keyword str system_access_token: the pipeline's ``System.AccessToken``.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
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


class AzurePipelinesCredential(AzurePipelinesConstructor, Credential):
    __doc__ = AzurePipelinesConstructor.__doc__
