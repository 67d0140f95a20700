"""The user's web browser."""

from webidentity._environment import is_wsl


def open_browser(url: str) -> bool:
    """Open the page and return whether that succeeded."""
    import webbrowser

    return webbrowser.open(url) or _open_from_wsl(url)


def _open_from_wsl(url: str) -> bool:
    """Open the page in the Windows browser if this is the Windows Subsystem for Linux."""
    if not is_wsl():
        return False
    import shutil
    import subprocess
    from urllib.parse import quote

    powershell = shutil.which("powershell.exe")
    if powershell is None:
        return False
    # PowerShell also accepts typographic quotation marks as delimiters. A URL may have all of them percent-encoded.
    quoted = quote(url, safe=":/?#[]@!$&()*+,;=%")
    command = [powershell, "-NoProfile", "-NonInteractive", "-Command", f"Start-Process '{quoted}'"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
