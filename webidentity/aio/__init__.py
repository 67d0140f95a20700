"""The async credentials, with the names and arguments of the sync ones."""

from typing import TYPE_CHECKING

from webidentity._lazy_names import loader_of

if TYPE_CHECKING:
    from webidentity.aio._authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.aio._azure_cli import AzureCliCredential as AzureCliCredential
    from webidentity.aio._azure_developer_cli import AzureDeveloperCliCredential as AzureDeveloperCliCredential
    from webidentity.aio._azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity.aio._azure_power_shell import AzurePowerShellCredential as AzurePowerShellCredential
    from webidentity.aio._bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity.aio._certificate import CertificateCredential as CertificateCredential
    from webidentity.aio._chained import ChainedTokenCredential as ChainedTokenCredential
    from webidentity.aio._client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity.aio._client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.aio._default import DefaultAzureCredential as DefaultAzureCredential
    from webidentity.aio._device_code import DeviceCodeCredential as DeviceCodeCredential
    from webidentity.aio._environment import EnvironmentCredential as EnvironmentCredential
    from webidentity.aio._interactive_browser import InteractiveBrowserCredential as InteractiveBrowserCredential
    from webidentity.aio._managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity.aio._on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.aio._shared_token_cache import SharedTokenCacheCredential as SharedTokenCacheCredential
    from webidentity.aio._username_password import UsernamePasswordCredential as UsernamePasswordCredential
    from webidentity.aio._visual_studio_code import VisualStudioCodeCredential as VisualStudioCodeCredential
    from webidentity.aio._workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential

__all__ = [
    "AuthorizationCodeCredential",
    "AzureCliCredential",
    "AzureDeveloperCliCredential",
    "AzurePipelinesCredential",
    "AzurePowerShellCredential",
    "CertificateCredential",
    "ChainedTokenCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "DefaultAzureCredential",
    "DeviceCodeCredential",
    "EnvironmentCredential",
    "InteractiveBrowserCredential",
    "ManagedIdentityCredential",
    "OnBehalfOfCredential",
    "SharedTokenCacheCredential",
    "UsernamePasswordCredential",
    "VisualStudioCodeCredential",
    "WorkloadIdentityCredential",
    "get_bearer_token_provider",
]

_MODULES = {
    "AuthorizationCodeCredential": "_authorization_code",
    "AzureCliCredential": "_azure_cli",
    "AzureDeveloperCliCredential": "_azure_developer_cli",
    "AzurePipelinesCredential": "_azure_pipelines",
    "AzurePowerShellCredential": "_azure_power_shell",
    "CertificateCredential": "_certificate",
    "ChainedTokenCredential": "_chained",
    "ClientAssertionCredential": "_client_assertion",
    "ClientSecretCredential": "_client_secret",
    "DefaultAzureCredential": "_default",
    "DeviceCodeCredential": "_device_code",
    "EnvironmentCredential": "_environment",
    "InteractiveBrowserCredential": "_interactive_browser",
    "ManagedIdentityCredential": "_managed_identity",
    "OnBehalfOfCredential": "_on_behalf_of",
    "SharedTokenCacheCredential": "_shared_token_cache",
    "UsernamePasswordCredential": "_username_password",
    "VisualStudioCodeCredential": "_visual_studio_code",
    "WorkloadIdentityCredential": "_workload_identity",
    "get_bearer_token_provider": "_bearer_token_provider",
}

__getattr__ = loader_of(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
