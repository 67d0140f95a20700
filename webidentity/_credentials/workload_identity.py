"""WorkloadIdentityCredential."""

import os
from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.assertion_authentication import TokenFileAuthentication
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class WorkloadIdentityConstructor(GrantConstructor, of="WorkloadIdentityCredential"):
    """Authenticates with the token that Kubernetes mounts into the pod (Microsoft Entra Workload ID).

    The file is read again when it changes, and when the authority reports that the token has expired.

    :keyword str tenant_id: ID of the application's tenant; default AZURE_TENANT_ID.
    :keyword str client_id: the application's client ID; default AZURE_CLIENT_ID.
    :keyword str token_file_path: path of the file with the Kubernetes token; default AZURE_FEDERATED_TOKEN_FILE.
    :keyword bool enable_azure_proxy: whether to send token requests to the proxy of the AKS cluster, if
        AZURE_KUBERNETES_TOKEN_PROXY is set (identity bindings).
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises ValueError: a value is neither passed nor set in the environment.
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        token_file_path: str | None = None,
        enable_azure_proxy: bool = False,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        values = {
            "tenant_id": tenant_id or os.environ.get("AZURE_TENANT_ID"),
            "client_id": client_id or os.environ.get("AZURE_CLIENT_ID"),
            "token_file_path": token_file_path or os.environ.get("AZURE_FEDERATED_TOKEN_FILE"),
        }
        missing = [name for name, value in values.items() if not value]
        if missing:
            raise ValueError(
                f"WorkloadIdentityCredential requires {', '.join(missing)}: pass them, or run in a pod with the label "
                "azure.workload.identity/use, which sets AZURE_TENANT_ID, AZURE_CLIENT_ID and "
                "AZURE_FEDERATED_TOKEN_FILE"
            )
        if enable_azure_proxy:
            kwargs["token_proxy"] = _proxy_of_cluster(has_transport=kwargs.get("transport") is not None)
        authentication = TokenFileAuthentication(values["token_file_path"] or "")
        client = client_from(values["client_id"] or "", authentication, authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(values["tenant_id"] or "", additionally_allowed_tenants)), **kwargs)


class WorkloadIdentityCredential(WorkloadIdentityConstructor, Credential):
    __doc__ = WorkloadIdentityConstructor.__doc__


def _proxy_of_cluster(*, has_transport: bool) -> object:
    from webidentity._transport.token_proxy import TokenProxy

    proxy = TokenProxy.read(os.environ)
    if proxy is not None and has_transport:
        raise ValueError("enable_azure_proxy uses its own transport: do not pass transport")
    return proxy
