"""The Windows broker, which DefaultAzureCredential uses through the package azure-identity-broker."""

import sys
from importlib import import_module
from typing import Any

from webidentity._credentials.unavailable import UnavailableCredential
from webidentity._environment import is_wsl

_NAME = "BrokerCredential"


def broker_credential(**keywords: Any) -> Any:
    """Return a credential that asks the broker for the Windows account, without ever showing a window.

    Where there is no broker, or where its package is not installed, the credential raises the reason.
    """
    if sys.platform != "win32" and not is_wsl():
        return UnavailableCredential(_NAME, "Brokered authentication is only supported on Windows and WSL.")
    try:
        broker = import_module("azure.identity.broker")
    except ImportError:
        reason = "The 'azure-identity-broker' package is required to use brokered authentication."
        return UnavailableCredential(_NAME, reason)
    try:
        application = import_module("msal").PublicClientApplication
        return broker.InteractiveBrowserBrokerCredential(
            parent_window_handle=application.CONSOLE_WINDOW_HANDLE,
            use_default_broker_account=True,
            disable_interactive_fallback=True,
            **keywords,
        )
    except Exception as error:  # noqa: BLE001 - a broken installation must not keep the chain from the other members
        return UnavailableCredential(_NAME, f"The broker could not be set up ({type(error).__name__}).")
