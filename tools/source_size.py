"""Fails if a module is too long or has a vague name. ``make check`` runs it."""

import subprocess
import sys
from pathlib import Path

LIMIT = 400
FOLDERS = ("webidentity", "integrations", "demo_site", "tests")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def modules(root: Path) -> list[Path]:
    """Return the Python files of the packages and the tests that git tracks, or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *FOLDERS]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        # Not a git checkout: an unpacked sdist, for example.
        return sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    paths = sorted({root / name for name in listed.split("\0") if name.endswith(".py")})
    return [path for path in paths if path.is_file()]


def complaints(root: Path) -> list[str]:
    """Return one line for each problem."""
    found: list[str] = []
    for path in modules(root):
        name = path.relative_to(root)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LIMIT:
            found.append(f"{name}: {lines} lines, more than {LIMIT}: move a part of it to a module of its own")
        vague = [part for part in (*name.parts[:-1], name.stem) if part.lstrip("_") in VAGUE_NAMES]
        if vague:
            found.append(f"{name}: the name {vague[0]!r} is vague: name the module after its content")
    return found


if __name__ == "__main__":
    problems = complaints(Path(__file__).resolve().parent.parent)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
