"""Public names that are imported on first use (PEP 562), so that importing a package stays fast."""

import sys
from collections.abc import Callable, Mapping

#: The credentials, and the module of each: ``_credentials/x.py`` has the sync one, ``aio/_x.py`` the async one.
CREDENTIALS = {
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


def lazy_names(
    package: str, modules: Mapping[str, str], *loaded: str
) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__all__``, ``__getattr__`` and ``__dir__`` of a package.

    Type checkers do not run this function. They read the imports of the package below ``if TYPE_CHECKING:``.

    :param modules: for each public name, the module of the package that defines it.
    :param loaded: other names for ``dir()``, which the package has already.
    """
    names = sorted(modules)

    def load(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = f"{package}.{modules[name]}"
        # Not import_module: see "Public names are imported without import_module" in docs/decisions/structure.md.
        __import__(module)
        value: object = getattr(sys.modules[module], name)
        # The next access finds it without calling this function.
        setattr(sys.modules[package], name, value)
        return value

    return names, load, lambda: [*names, *loaded]
