"""Microsoft Entra ID for Python web developers: credentials with the API of azure-identity."""

from typing import TYPE_CHECKING

from webidentity._version import __version__ as __version__

if TYPE_CHECKING:
    from webidentity.cache.persistence_options import TokenCachePersistenceOptions as TokenCachePersistenceOptions
    from webidentity.credentials.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.credentials.azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity.credentials.bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity.credentials.certificate import CertificateCredential as CertificateCredential
    from webidentity.credentials.client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity.credentials.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.credentials.managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity.credentials.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.credentials.workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential
    from webidentity.errors import AuthenticationRequiredError as AuthenticationRequiredError
    from webidentity.errors import CredentialUnavailableError as CredentialUnavailableError
    from webidentity.errors import EntraError as EntraError
    from webidentity.hosts import AzureAuthorityHosts as AzureAuthorityHosts
    from webidentity.hosts import KnownAuthorities as KnownAuthorities
    from webidentity.record import AuthenticationRecord as AuthenticationRecord

__all__ = [
    "AuthenticationRecord",
    "AuthenticationRequiredError",
    "AuthorizationCodeCredential",
    "AzureAuthorityHosts",
    "AzurePipelinesCredential",
    "CertificateCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "CredentialUnavailableError",
    "EntraError",
    "KnownAuthorities",
    "ManagedIdentityCredential",
    "OnBehalfOfCredential",
    "TokenCachePersistenceOptions",
    "WorkloadIdentityCredential",
    "get_bearer_token_provider",
]

_MODULES = {
    "AuthenticationRecord": "record",
    "AuthenticationRequiredError": "errors",
    "AuthorizationCodeCredential": "credentials.authorization_code",
    "AzureAuthorityHosts": "hosts",
    "AzurePipelinesCredential": "credentials.azure_pipelines",
    "CertificateCredential": "credentials.certificate",
    "ClientAssertionCredential": "credentials.client_assertion",
    "ClientSecretCredential": "credentials.client_secret",
    "CredentialUnavailableError": "errors",
    "EntraError": "errors",
    "KnownAuthorities": "hosts",
    "ManagedIdentityCredential": "credentials.managed_identity",
    "OnBehalfOfCredential": "credentials.on_behalf_of",
    "TokenCachePersistenceOptions": "cache.persistence_options",
    "WorkloadIdentityCredential": "credentials.workload_identity",
    "get_bearer_token_provider": "credentials.bearer_token_provider",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562), so that an import costs what is used."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
