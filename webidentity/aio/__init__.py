"""The async credentials, with the names and arguments of the sync ones."""

from typing import TYPE_CHECKING

from webidentity.lazy_names import loader_of

if TYPE_CHECKING:
    from webidentity.aio.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.aio.azure_cli import AzureCliCredential as AzureCliCredential
    from webidentity.aio.azure_developer_cli import AzureDeveloperCliCredential as AzureDeveloperCliCredential
    from webidentity.aio.azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity.aio.azure_power_shell import AzurePowerShellCredential as AzurePowerShellCredential
    from webidentity.aio.bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity.aio.certificate import CertificateCredential as CertificateCredential
    from webidentity.aio.chained import ChainedTokenCredential as ChainedTokenCredential
    from webidentity.aio.client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity.aio.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.aio.default import DefaultAzureCredential as DefaultAzureCredential
    from webidentity.aio.device_code import DeviceCodeCredential as DeviceCodeCredential
    from webidentity.aio.environment import EnvironmentCredential as EnvironmentCredential
    from webidentity.aio.interactive_browser import InteractiveBrowserCredential as InteractiveBrowserCredential
    from webidentity.aio.managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity.aio.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.aio.shared_token_cache import SharedTokenCacheCredential as SharedTokenCacheCredential
    from webidentity.aio.username_password import UsernamePasswordCredential as UsernamePasswordCredential
    from webidentity.aio.visual_studio_code import VisualStudioCodeCredential as VisualStudioCodeCredential
    from webidentity.aio.workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential

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
    "AuthorizationCodeCredential": "authorization_code",
    "AzureCliCredential": "azure_cli",
    "AzureDeveloperCliCredential": "azure_developer_cli",
    "AzurePipelinesCredential": "azure_pipelines",
    "AzurePowerShellCredential": "azure_power_shell",
    "CertificateCredential": "certificate",
    "ChainedTokenCredential": "chained",
    "ClientAssertionCredential": "client_assertion",
    "ClientSecretCredential": "client_secret",
    "DefaultAzureCredential": "default",
    "DeviceCodeCredential": "device_code",
    "EnvironmentCredential": "environment",
    "InteractiveBrowserCredential": "interactive_browser",
    "ManagedIdentityCredential": "managed_identity",
    "OnBehalfOfCredential": "on_behalf_of",
    "SharedTokenCacheCredential": "shared_token_cache",
    "UsernamePasswordCredential": "username_password",
    "VisualStudioCodeCredential": "visual_studio_code",
    "WorkloadIdentityCredential": "workload_identity",
    "get_bearer_token_provider": "bearer_token_provider",
}

__getattr__ = loader_of(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
