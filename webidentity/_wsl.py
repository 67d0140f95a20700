"""The Windows Subsystem for Linux: a Linux whose user has the browser and the sign-ins of a Windows."""

import platform


def is_wsl() -> bool:
    """Whether this program runs in it; its kernels are Microsoft's, and say so."""
    return "microsoft" in platform.release().lower()
