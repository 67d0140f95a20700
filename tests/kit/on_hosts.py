"""Shared steps of the tests of managed identities."""

from collections.abc import Callable
from typing import Any

import jwt

from tests.kit.drivers import Credential, Driver
from webidentity.testing import HostEmulator

VAULT = "https://vault.azure.net"
SCOPE = f"{VAULT}/.default"
KINDS = ("imds", "app_service", "arc", "azure_ml", "cloud_shell", "service_fabric")
#: The hosts on which a program can choose its identity.
CHOOSY = ("imds", "app_service", "arc", "azure_ml")
PutOn = Callable[..., HostEmulator]


class OwnTransport:
    """Lets the credential create its own transport."""

    def transport(self) -> None: ...

    def aio_transport(self) -> None: ...


def credential(driver: Driver, network: Any = None, **options: Any) -> Credential:
    """Return a ManagedIdentityCredential. Without a network it creates its own transport."""
    return driver.credential("ManagedIdentityCredential", network or OwnTransport(), **options)


def claims_of(token: Any) -> dict[str, Any]:
    """Return the claims of a token that a host issued."""
    return jwt.decode(token.token, options={"verify_signature": False})
