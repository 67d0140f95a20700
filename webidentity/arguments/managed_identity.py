"""The constructor of ManagedIdentityCredential."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from webidentity._authority import NoTenants, validate_tenant_id
from webidentity._flows.managed_identity.detection import has_workload_identity, source_from
from webidentity._flows.managed_identity.grant import ManagedIdentity
from webidentity._flows.managed_identity.source import Source
from webidentity._flows.token_source import TokenSource
from webidentity._protocol.managed_identity.identity import CLIENT_ID, RequestedIdentity
from webidentity.arguments.cache import cache_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._token_cache import TokenCache

_LOGGER = logging.getLogger(__name__)


class ManagedIdentityArguments(Constructor):
    """Authenticates with the managed identity of the host in Azure that the program runs on.

    The environment says which host that is: App Service, Service Fabric, Azure Arc, Azure ML, Cloud Shell, a pod with
    workload identity; otherwise it is asked for at IMDS, the instance metadata service of virtual machines. Without an
    id it is the identity that the system assigned.

    A request is for exactly one scope. A call's ``tenant_id`` is ignored, since an identity lives in one tenant. Hosts
    know no claims: a call with claims gets a token that is asked for anew.

    :keyword str client_id: client ID of a user-assigned identity.
    :keyword identity_config: another id of a user-assigned identity: ``{"object_id": "..."}`` or
        ``{"resource_id": "..."}``. The host is sent the name that it has for it.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``. No proxy is
        used for endpoints at link-local and loopback addresses.
    :raises ValueError: the arguments name several identities, or one where the host lets nobody choose (Cloud Shell);
        or ``transport`` is given in Service Fabric, where the certificate of the endpoint has to be compared.
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        identity_config: Mapping[str, str] | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        identity = RequestedIdentity.of(client_id, identity_config)
        # DefaultAzureCredential tells workload identity apart, and names an identity wherever it is.
        in_default, without_workload = (
            kwargs.pop(name, False) for name in ("_in_default_credential", "_exclude_workload_identity_credential")
        )
        cache = cache_from(token_cache, None)
        if has_workload_identity(os.environ) and not without_workload:
            token_source, used = _workload_identity(identity, cache)
        else:
            source = source_from(os.environ, identity, kwargs, ignores_ids=in_default)
            kwargs = _pipeline_of(source, kwargs)
            token_source, used = TokenSource(ManagedIdentity(source, cache), NoTenants()), source.host
        _LOGGER.info(
            "ManagedIdentityCredential will use %s with %s",
            used,
            ": ".join(part for part in identity if part) or "no id",
        )
        self._set_up(token_source, **kwargs)


def _workload_identity(identity: RequestedIdentity, cache: TokenCache) -> tuple[TokenSource, str]:
    from webidentity._flows.client_credentials import ClientCredentials
    from webidentity._flows.token_file_authentication import TokenFileAuthentication
    from webidentity.arguments.client import client_from

    if identity.kind not in {"", CLIENT_ID}:
        raise ValueError(
            "Workload identity was selected, which knows identities by their client ID alone: pass client_id"
        )
    client_id = identity.value or os.environ.get("AZURE_CLIENT_ID")
    if not client_id:
        raise ValueError(
            "Workload identity was selected but no client ID was provided: pass client_id, or set AZURE_CLIENT_ID"
        )
    client = client_from(client_id, TokenFileAuthentication(os.environ["AZURE_FEDERATED_TOKEN_FILE"]), None)
    tenant = validate_tenant_id(os.environ["AZURE_TENANT_ID"])
    return TokenSource(ClientCredentials(client, cache), NoTenants(tenant)), "workload identity"


def _pipeline_of(source: Source, options: dict[str, Any]) -> dict[str, Any]:
    """Return the pipeline's keywords, with what the source needs."""
    if source.host != "Service Fabric":
        return options
    from webidentity._flows.managed_identity.service_fabric import read_thumbprint

    if options.get("transport") is not None:
        raise ValueError(
            "ManagedIdentityCredential brings a transport of its own in Service Fabric, which compares the endpoint's "
            "certificate with IDENTITY_SERVER_THUMBPRINT: do not pass another"
        )
    return {**options, "server_thumbprint": read_thumbprint(os.environ["IDENTITY_SERVER_THUMBPRINT"])}
