"""Microsoft Entra ID for Python web developers: credentials with the API of azure-identity."""

from typing import TYPE_CHECKING

from webidentity._version import __version__ as __version__
from webidentity.lazy_names import loader_of

if TYPE_CHECKING:
    from webidentity.cache.persistence_options import TokenCachePersistenceOptions as TokenCachePersistenceOptions
    from webidentity.credentials.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.credentials.azure_cli import AzureCliCredential as AzureCliCredential
    from webidentity.credentials.azure_developer_cli import AzureDeveloperCliCredential as AzureDeveloperCliCredential
    from webidentity.credentials.azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity.credentials.azure_power_shell import AzurePowerShellCredential as AzurePowerShellCredential
    from webidentity.credentials.bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity.credentials.certificate import CertificateCredential as CertificateCredential
    from webidentity.credentials.chained import ChainedTokenCredential as ChainedTokenCredential
    from webidentity.credentials.client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity.credentials.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.credentials.default import DefaultAzureCredential as DefaultAzureCredential
    from webidentity.credentials.device_code import DeviceCodeCredential as DeviceCodeCredential
    from webidentity.credentials.environment import EnvironmentCredential as EnvironmentCredential
    from webidentity.credentials.interactive_browser import InteractiveBrowserCredential as InteractiveBrowserCredential
    from webidentity.credentials.managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity.credentials.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.credentials.shared_token_cache import SharedTokenCacheCredential as SharedTokenCacheCredential
    from webidentity.credentials.username_password import UsernamePasswordCredential as UsernamePasswordCredential
    from webidentity.credentials.visual_studio_code import VisualStudioCodeCredential as VisualStudioCodeCredential
    from webidentity.credentials.workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential
    from webidentity.errors import AuthenticationRequiredError as AuthenticationRequiredError
    from webidentity.errors import ChainError as ChainError
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
    "AzureCliCredential",
    "AzureDeveloperCliCredential",
    "AzurePipelinesCredential",
    "AzurePowerShellCredential",
    "CertificateCredential",
    "ChainError",
    "ChainedTokenCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "CredentialUnavailableError",
    "DefaultAzureCredential",
    "DeviceCodeCredential",
    "EntraError",
    "EnvironmentCredential",
    "InteractiveBrowserCredential",
    "KnownAuthorities",
    "ManagedIdentityCredential",
    "OnBehalfOfCredential",
    "SharedTokenCacheCredential",
    "TokenCachePersistenceOptions",
    "UsernamePasswordCredential",
    "VisualStudioCodeCredential",
    "WorkloadIdentityCredential",
    "get_bearer_token_provider",
]

_MODULES = {
    "AuthenticationRecord": "record",
    "AuthenticationRequiredError": "errors",
    "AuthorizationCodeCredential": "credentials.authorization_code",
    "AzureAuthorityHosts": "hosts",
    "AzureCliCredential": "credentials.azure_cli",
    "AzureDeveloperCliCredential": "credentials.azure_developer_cli",
    "AzurePipelinesCredential": "credentials.azure_pipelines",
    "AzurePowerShellCredential": "credentials.azure_power_shell",
    "CertificateCredential": "credentials.certificate",
    "ChainError": "errors",
    "ChainedTokenCredential": "credentials.chained",
    "ClientAssertionCredential": "credentials.client_assertion",
    "ClientSecretCredential": "credentials.client_secret",
    "CredentialUnavailableError": "errors",
    "DefaultAzureCredential": "credentials.default",
    "DeviceCodeCredential": "credentials.device_code",
    "EntraError": "errors",
    "EnvironmentCredential": "credentials.environment",
    "InteractiveBrowserCredential": "credentials.interactive_browser",
    "KnownAuthorities": "hosts",
    "ManagedIdentityCredential": "credentials.managed_identity",
    "OnBehalfOfCredential": "credentials.on_behalf_of",
    "SharedTokenCacheCredential": "credentials.shared_token_cache",
    "TokenCachePersistenceOptions": "cache.persistence_options",
    "UsernamePasswordCredential": "credentials.username_password",
    "VisualStudioCodeCredential": "credentials.visual_studio_code",
    "WorkloadIdentityCredential": "credentials.workload_identity",
    "get_bearer_token_provider": "credentials.bearer_token_provider",
}

__getattr__ = loader_of(__name__, _MODULES)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
