"""Classes of credentials that a constructor chooses at run time, in the package of its own kind."""

from importlib import import_module
from typing import Any

SYNC = "webidentity._credentials"
AIO = "webidentity.aio"


def credential_class(package: str, module: str, name: str) -> Any:
    """Return the class, sync or async as the package is; importing it is put off until it is needed."""
    return getattr(import_module(f"{package}.{'_' * (package == AIO)}{module}"), name)


def unavailable(package: str, name: str, reason: str) -> Any:
    """Return a credential that has only a reason why there is none."""
    return credential_class(package, "unavailable", "UnavailableCredential")(name, reason)
