"""The constructor of WorkloadIdentityCredential."""

import os
from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_file_authentication import TokenFileAuthentication
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class WorkloadIdentityArguments(Constructor):
    """Authenticates with the token that Kubernetes projects into the pod's file system (Microsoft Entra Workload ID).

    The file is read again when it changes, and once more if the authority finds the token too old.

    :keyword str tenant_id: ID of the application's tenant; default AZURE_TENANT_ID.
    :keyword str client_id: the application's client ID; default AZURE_CLIENT_ID.
    :keyword str token_file_path: path of the file with the Kubernetes token; default AZURE_FEDERATED_TOKEN_FILE.
    :keyword bool enable_azure_proxy: whether to send token requests to the proxy of the AKS cluster that
        AZURE_KUBERNETES_TOKEN_PROXY names, if it names one (identity bindings).
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises ValueError: a value is given neither as an argument nor in the environment.
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
                f"WorkloadIdentityCredential lacks {', '.join(missing)}: pass them, or run in a pod that is labelled "
                "azure.workload.identity/use, which sets AZURE_TENANT_ID, AZURE_CLIENT_ID and "
                "AZURE_FEDERATED_TOKEN_FILE"
            )
        if enable_azure_proxy:
            kwargs["token_proxy"] = _proxy_of_cluster(has_transport=kwargs.get("transport") is not None)
        authentication = TokenFileAuthentication(values["token_file_path"] or "")
        client = client_from(values["client_id"] or "", authentication, authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(values["tenant_id"] or "", additionally_allowed_tenants)), **kwargs)


def _proxy_of_cluster(*, has_transport: bool) -> object:
    from webidentity._transport.token_proxy import TokenProxy

    proxy = TokenProxy.read(os.environ)
    if proxy is not None and has_transport:
        raise ValueError("enable_azure_proxy brings a transport of its own: do not pass another")
    return proxy
