"""Detection of the host from its environment variables."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.managed_identity.source import MisconfiguredSource, Source
from webidentity._protocol.managed_identity import RequestedIdentity
from webidentity.errors import CredentialUnavailableError, EntraError

_ENDPOINT, _HEADER, _THUMBPRINT = "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"
_IMDS = "IMDS_ENDPOINT"
_MSI, _MSI_SECRET = "MSI_ENDPOINT", "MSI_SECRET"
_POD = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
_WORKLOAD = ("AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE")


def has_workload_identity(environment: Mapping[str, str]) -> bool:
    """Whether this is a pod with a federated token, and not a host that takes precedence."""
    return all(environment.get(name) for name in _WORKLOAD) and not any(environment.get(n) for n in (_ENDPOINT, _MSI))


def source_from(
    environment: Mapping[str, str],
    identity: RequestedIdentity,
    options: Mapping[str, Any],
    *,
    ignores_ids: bool = False,
) -> Source:
    """Return the source of tokens on this host.

    :param options: the pipeline's keywords.
    :param ignores_ids: whether to ignore the id of an identity that the host does not support, instead of raising.
    :raises ValueError: an identity was named, and the host has only one.
    """
    endpoint, secret = environment.get(_ENDPOINT), environment.get(_HEADER)
    if endpoint:
        if secret and environment.get(_THUMBPRINT):
            return _service_fabric(endpoint, secret, environment[_THUMBPRINT], identity)
        if secret:
            from webidentity._flows.managed_identity.app_service import AppServiceSource

            return _at(_ENDPOINT, AppServiceSource(endpoint, identity, secret))
        if environment.get(_IMDS):
            from webidentity._flows.managed_identity.arc import AzureArcSource

            return _at(_ENDPOINT, AzureArcSource(endpoint, identity))
        return MisconfiguredSource(
            CredentialUnavailableError(
                f"No managed identity endpoint found. Only {_ENDPOINT} is set. App Service also sets {_HEADER}, "
                f"Service Fabric {_HEADER} and {_THUMBPRINT}, and Azure Arc {_IMDS}. Set the missing variable, or "
                f"unset {_ENDPOINT}."
            )
        )
    if environment.get(_MSI):
        return _at(_MSI, _older(environment, identity, ignores_ids=ignores_ids))
    from webidentity._flows.managed_identity.imds import ImdsSource

    return _at(_POD, ImdsSource(environment.get(_POD), identity, options))


def _older(environment: Mapping[str, str], identity: RequestedIdentity, *, ignores_ids: bool) -> Source:
    """Return the source of a host that sets the older variables."""
    secret = environment.get(_MSI_SECRET)
    if secret:
        from webidentity._flows.managed_identity.app_service import AzureMachineLearningSource

        return AzureMachineLearningSource(environment[_MSI], identity, secret)
    if identity.is_user_assigned and not ignores_ids:
        raise ValueError(
            "client_id should not be set for cloud shell managed identity, and identity_config must not name an "
            "identity: the only identity is the user who opened the shell"
        )
    from webidentity._flows.managed_identity.app_service import CloudShellSource

    return CloudShellSource(environment[_MSI], RequestedIdentity())


def _service_fabric(endpoint: str, secret: str, thumbprint: str, identity: RequestedIdentity) -> Source:
    if urlsplit(endpoint).scheme != "https":
        return MisconfiguredSource(EntraError(f"{_ENDPOINT} of Service Fabric must be an https URL"))
    from webidentity._flows.managed_identity.service_fabric import ServiceFabricSource, read_thumbprint

    if read_thumbprint(thumbprint) is None:
        return MisconfiguredSource(
            EntraError(f"{_THUMBPRINT} must be the SHA-1 (or SHA-256) digest of a certificate, in hexadecimal")
        )
    return _at(_ENDPOINT, ServiceFabricSource(endpoint, identity, secret))


def _at(variable: str, source: Source) -> Source:
    """Return the source if its endpoint is a valid URL and its secret a valid header, else one that raises an error."""
    error: ClientAuthenticationError | None = None
    try:
        parts = urlsplit(source.endpoint)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        error = CredentialUnavailableError(
            f"No managed identity endpoint found. {variable} is not a valid http or https URL."
        )
    elif not source.secret.isascii() or not (source.secret.isprintable()):
        error = CredentialUnavailableError(
            f"No managed identity endpoint found. The secret that belongs to {variable} cannot be sent in a header."
        )
    return source if error is None else MisconfiguredSource(error)
