"""Opening the Windows browser from the Windows Subsystem for Linux: the URL is one quoted word of PowerShell."""

import platform
import shutil
import subprocess
import webbrowser
from typing import Any

import pytest

from webidentity._transport.browser import open_browser


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the commands for PowerShell, on a Linux without a browser of its own."""
    told: list[list[str]] = []

    def run(command: list[str], **options: Any) -> Any:
        assert "shell" not in options
        told.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(webbrowser, "open", lambda *_: False)
    monkeypatch.setattr(platform, "release", lambda: "5.15.153.1-microsoft-standard-WSL2")
    monkeypatch.setattr(shutil, "which", lambda name: f"/mnt/c/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return told


@pytest.mark.parametrize("quote", ["'", "\u2018", "\u2019", "\u201a", "\u201b", '"', "\u201c", "`", "\n", " "])
def test_no_quotation_mark_ends_the_url(commands: list[list[str]], quote: str) -> None:
    """PowerShell also accepts typographic quotation marks."""
    assert open_browser(f"https://login.test/a{quote};calc;{quote}?b=%20c&d=$e+f~")
    ((*_, command),) = commands
    before, url, after = command.split("'")
    assert (before, after) == ("Start-Process ", "")
    assert url.isascii()
    assert quote not in url
    assert url.startswith("https://login.test/a%")
    assert url.endswith("?b=%20c&d=$e+f~")


def test_other_systems_start_no_powershell(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a page fails if there is no browser."""
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-generic")
    assert not open_browser("https://login.test/")
    assert not commands
