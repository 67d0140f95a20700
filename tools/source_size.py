"""Fails if a module has outgrown one reading, or has a name that says nothing. Run by ``make check``."""

import subprocess
import sys
from pathlib import Path

LIMIT = 400
FOLDERS = ("webidentity", "integrations", "demo_site")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def modules(root: Path) -> list[Path]:
    """Return the Python files of the packages that git tracks, or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *FOLDERS]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        # Not a git checkout: an unpacked sdist, for example.
        return sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    paths = sorted({root / name for name in listed.split("\0") if name.endswith(".py")})
    return [path for path in paths if path.is_file()]


def complaints(root: Path) -> list[str]:
    """Return what is wrong, one line each."""
    found: list[str] = []
    for path in modules(root):
        name = path.relative_to(root)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LIMIT:
            found.append(f"{name}: {lines} lines, more than {LIMIT}: give a part of it a module and a name of its own")
        said_nothing = [part for part in (*name.parts[:-1], name.stem) if part.lstrip("_") in EMPTY_NAMES]
        if said_nothing:
            found.append(f"{name}: the name {said_nothing[0]!r} says nothing: name it for what is in it")
    return found


if __name__ == "__main__":
    problems = complaints(Path(__file__).resolve().parent.parent)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
