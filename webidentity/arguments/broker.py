"""The broker of Windows, which the package azure-identity-broker knows how to ask."""

import sys
from importlib import import_module
from typing import Any

from webidentity._wsl import is_wsl
from webidentity.arguments.classes import unavailable

_NAME = "BrokerCredential"


def broker_credential(package: str, **keywords: Any) -> Any:
    """Return a credential that asks the broker for the account of Windows, and never shows a window.

    Where there is no broker, or no package that knows it, the credential only says so.
    """
    if sys.platform != "win32" and not is_wsl():
        return unavailable(package, _NAME, "Brokered authentication is only supported on Windows and WSL.")
    try:
        broker = import_module("azure.identity.broker")
    except ImportError:
        reason = "The 'azure-identity-broker' package is required to use brokered authentication."
        return unavailable(package, _NAME, reason)
    try:
        application = import_module("msal").PublicClientApplication
        return broker.InteractiveBrowserBrokerCredential(
            parent_window_handle=application.CONSOLE_WINDOW_HANDLE,
            use_default_broker_account=True,
            disable_interactive_fallback=True,
            **keywords,
        )
    except Exception as error:  # noqa: BLE001 - a broken installation is no reason not to ask the others
        return unavailable(package, _NAME, f"The broker could not be set up ({type(error).__name__}).")
