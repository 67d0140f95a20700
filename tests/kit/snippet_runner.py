"""Runs the code that the documentation prints, as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.kit.documents import Snippet


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Run the command in the folder and return what it printed. Fail if it fails."""
    found = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**inherited, "PATH": found, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def run_pytest(folder: Path, *arguments: str, **environment: str) -> str:
    """Run pytest on files in the folder and return what it printed. Warnings are errors."""
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    return run([*command, *arguments], folder, **environment)


def files_in(snippet: Snippet) -> dict[str, str]:
    """Return the files that the snippet prints, each after a comment with its name; none for most snippets."""
    parts = re.split(r"(?m)^# (\w+\.(?:py|ini))$", snippet.text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
