"""Microsoft Entra ID for Python web developers: credentials with the API of azure-identity."""

from typing import TYPE_CHECKING

from webidentity._version import __version__ as __version__

if TYPE_CHECKING:
    from webidentity.credentials.authorization_code import AuthorizationCodeCredential as AuthorizationCodeCredential
    from webidentity.credentials.client_secret import ClientSecretCredential as ClientSecretCredential
    from webidentity.credentials.on_behalf_of import OnBehalfOfCredential as OnBehalfOfCredential
    from webidentity.errors import AuthenticationRequiredError as AuthenticationRequiredError
    from webidentity.errors import CredentialUnavailableError as CredentialUnavailableError
    from webidentity.errors import EntraError as EntraError
    from webidentity.record import AuthenticationRecord as AuthenticationRecord

__all__ = [
    "AuthenticationRecord",
    "AuthenticationRequiredError",
    "AuthorizationCodeCredential",
    "ClientSecretCredential",
    "CredentialUnavailableError",
    "EntraError",
    "OnBehalfOfCredential",
]

_MODULES = {
    "AuthenticationRecord": "record",
    "AuthenticationRequiredError": "errors",
    "AuthorizationCodeCredential": "credentials.authorization_code",
    "ClientSecretCredential": "credentials.client_secret",
    "CredentialUnavailableError": "errors",
    "EntraError": "errors",
    "OnBehalfOfCredential": "credentials.on_behalf_of",
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
