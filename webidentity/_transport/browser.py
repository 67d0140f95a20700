"""The user's web browser."""

from webidentity._environment import is_wsl


def open_browser(url: str) -> bool:
    """Open the page, and say whether that was possible."""
    import webbrowser

    return webbrowser.open(url) or _open_from_wsl(url)


def _open_from_wsl(url: str) -> bool:
    """Open the page in the browser of the Windows that this Linux runs on (Windows Subsystem for Linux)."""
    if not is_wsl():
        return False
    import shutil
    import subprocess
    from urllib.parse import quote

    powershell = shutil.which("powershell.exe")
    if powershell is None:
        return False
    # PowerShell takes typographic quotation marks for quotation marks too; none of them has to be itself in a URL.
    quoted = quote(url, safe=":/?#[]@!$&()*+,;=%")
    command = [powershell, "-NoProfile", "-NonInteractive", "-Command", f"Start-Process '{quoted}'"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
