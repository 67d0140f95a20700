"""ManagedIdentityCredential."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from webidentity._authority import NoTenants, validate_tenant_id
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.managed_identity.detection import has_workload_identity, source_from
from webidentity._flows.managed_identity.grant import ManagedIdentity
from webidentity._flows.managed_identity.source import Source
from webidentity._flows.token_source import TokenSource
from webidentity._protocol.managed_identity import CLIENT_ID, RequestedIdentity
from webidentity.cache._token_cache import TokenCache

_LOGGER = logging.getLogger(__name__)


class ManagedIdentityConstructor(GrantConstructor, of="ManagedIdentityCredential"):
    """Authenticates with the managed identity of the Azure host that the program runs on.

    Environment variables identify the host: App Service, Service Fabric, Azure Arc, Azure ML, Cloud Shell, or a
    Kubernetes pod with workload identity. Without them the credential asks the instance metadata service of virtual
    machines (IMDS). By default it uses the system-assigned identity.

    Each call takes exactly one scope. The ``tenant_id`` of a call is ignored, because an identity belongs to one
    tenant. Hosts do not support claims: a call with claims requests a new token instead of using the cache.

    :keyword str client_id: client ID of a user-assigned identity.
    :keyword identity_config: another ID of a user-assigned identity: ``{"object_id": "..."}`` or ``{"resource_id":
        "..."}``. It is sent under the name that the host expects.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
        Endpoints at link-local and loopback addresses are never requested through a proxy.
    :raises ValueError: the arguments name several identities, or one on a host that does not support the choice (Cloud
        Shell), or ``transport`` is passed in Service Fabric, where the credential must verify the endpoint's
        certificate.
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        identity_config: Mapping[str, str] | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        self._check_keywords(kwargs)
        identity = RequestedIdentity.of(client_id, identity_config)
        # DefaultAzureCredential tries workload identity separately, and passes a client ID on every host.
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


class ManagedIdentityCredential(ManagedIdentityConstructor, Credential):
    __doc__ = ManagedIdentityConstructor.__doc__


def _workload_identity(identity: RequestedIdentity, cache: TokenCache) -> tuple[TokenSource, str]:
    from webidentity._flows.assertion_authentication import TokenFileAuthentication
    from webidentity._flows.client_credentials import ClientCredentials

    if identity.kind not in {"", CLIENT_ID}:
        raise ValueError("Workload identity was selected, which supports only a client ID: pass client_id")
    client_id = identity.value or os.environ.get("AZURE_CLIENT_ID")
    if not client_id:
        raise ValueError(
            "Workload identity was selected but no client ID was provided: pass client_id, or set AZURE_CLIENT_ID"
        )
    client = client_from(client_id, TokenFileAuthentication(os.environ["AZURE_FEDERATED_TOKEN_FILE"]), None)
    tenant = validate_tenant_id(os.environ["AZURE_TENANT_ID"])
    return TokenSource(ClientCredentials(client, cache), NoTenants(tenant)), "workload identity"


def _pipeline_of(source: Source, options: dict[str, Any]) -> dict[str, Any]:
    """Return the pipeline's keyword arguments, with those that the source requires."""
    if source.host != "Service Fabric":
        return options
    from webidentity._flows.managed_identity.service_fabric import read_thumbprint

    if options.get("transport") is not None:
        raise ValueError(
            "ManagedIdentityCredential uses its own transport in Service Fabric, to compare the endpoint's certificate "
            "with IDENTITY_SERVER_THUMBPRINT: do not pass transport"
        )
    return {**options, "server_thumbprint": read_thumbprint(os.environ["IDENTITY_SERVER_THUMBPRINT"])}
