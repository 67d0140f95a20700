"""Microsoft Entra ID for Python web developers: credentials with the API of azure-identity."""

from typing import TYPE_CHECKING

from webidentity._lazy_names import CREDENTIALS, lazy_names
from webidentity._version import __version__ as __version__

if TYPE_CHECKING:
    from webidentity._credentials.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity._credentials.azure_cli import AzureCliCredential as AzureCliCredential
    from webidentity._credentials.azure_developer_cli import AzureDeveloperCliCredential as AzureDeveloperCliCredential
    from webidentity._credentials.azure_pipelines import AzurePipelinesCredential as AzurePipelinesCredential
    from webidentity._credentials.azure_power_shell import AzurePowerShellCredential as AzurePowerShellCredential
    from webidentity._credentials.bearer_token_provider import get_bearer_token_provider as get_bearer_token_provider
    from webidentity._credentials.certificate import CertificateCredential as CertificateCredential
    from webidentity._credentials.chained import ChainedTokenCredential as ChainedTokenCredential
    from webidentity._credentials.client_assertion import ClientAssertionCredential as ClientAssertionCredential
    from webidentity._credentials.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity._credentials.default import DefaultAzureCredential as DefaultAzureCredential
    from webidentity._credentials.device_code import DeviceCodeCredential as DeviceCodeCredential
    from webidentity._credentials.environment import EnvironmentCredential as EnvironmentCredential
    from webidentity._credentials.interactive_browser import (
        InteractiveBrowserCredential as InteractiveBrowserCredential,
    )
    from webidentity._credentials.managed_identity import ManagedIdentityCredential as ManagedIdentityCredential
    from webidentity._credentials.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity._credentials.shared_token_cache import SharedTokenCacheCredential as SharedTokenCacheCredential
    from webidentity._credentials.username_password import UsernamePasswordCredential as UsernamePasswordCredential
    from webidentity._credentials.visual_studio_code import VisualStudioCodeCredential as VisualStudioCodeCredential
    from webidentity._credentials.workload_identity import WorkloadIdentityCredential as WorkloadIdentityCredential
    from webidentity.cache._persistence_options import TokenCachePersistenceOptions as TokenCachePersistenceOptions
    from webidentity.errors import AuthenticationRequiredError as AuthenticationRequiredError
    from webidentity.errors import ChainError as ChainError
    from webidentity.errors import CredentialUnavailableError as CredentialUnavailableError
    from webidentity.errors import EntraError as EntraError
    from webidentity.hosts import AzureAuthorityHosts as AzureAuthorityHosts
    from webidentity.hosts import KnownAuthorities as KnownAuthorities
    from webidentity.record import AuthenticationRecord as AuthenticationRecord
else:
    __all__, __getattr__, __dir__ = lazy_names(
        __name__,
        {
            **{name: f"_credentials.{module}" for name, module in CREDENTIALS.items()},
            "AuthenticationRecord": "record",
            "AuthenticationRequiredError": "errors",
            "AzureAuthorityHosts": "hosts",
            "ChainError": "errors",
            "CredentialUnavailableError": "errors",
            "EntraError": "errors",
            "KnownAuthorities": "hosts",
            "TokenCachePersistenceOptions": "cache._persistence_options",
        },
        "__version__",
    )
