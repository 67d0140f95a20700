"""The async credentials. They have the names and the arguments of the sync ones."""

from typing import TYPE_CHECKING

from webidentity._lazy_names import CREDENTIALS, lazy_names

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
else:
    __all__, __getattr__, __dir__ = lazy_names(__name__, {name: f"_{module}" for name, module in CREDENTIALS.items()})
