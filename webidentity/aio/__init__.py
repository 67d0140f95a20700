"""The async credentials, with the names and arguments of the sync ones."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webidentity.aio.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.aio.azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity.aio.bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity.aio.certificate import CertificateCredential as CertificateCredential
    from webidentity.aio.client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity.aio.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.aio.managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity.aio.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.aio.workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential

__all__ = [
    "AuthorizationCodeCredential",
    "AzurePipelinesCredential",
    "CertificateCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "ManagedIdentityCredential",
    "OnBehalfOfCredential",
    "WorkloadIdentityCredential",
    "get_bearer_token_provider",
]

_MODULES = {
    "AuthorizationCodeCredential": "authorization_code",
    "AzurePipelinesCredential": "azure_pipelines",
    "CertificateCredential": "certificate",
    "ClientAssertionCredential": "client_assertion",
    "ClientSecretCredential": "client_secret",
    "ManagedIdentityCredential": "managed_identity",
    "OnBehalfOfCredential": "on_behalf_of",
    "WorkloadIdentityCredential": "workload_identity",
    "get_bearer_token_provider": "bearer_token_provider",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562)."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
