"""Runs the test suite in environments other than the developer's: ``make test-min`` and ``make test-all``.

Each environment is a virtual environment under ``.venvs``, with a constraints file beside it. The browser tests are
left out, because they depend on Chromium and not on the versions of Python packages.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venvs"
EXTRAS = "flask,django,aio,testing"

#: Python and Django: each Python with the newest Django that it can run, and each supported Django once. Django 6 needs
#: Python 3.12.
MATRIX = [("3.11", "5.2"), ("3.12", "6.0"), ("3.13", "6.1"), ("3.14", "6.1")]

#: The clients that the tests call. With the minimum of azure-core, pip selects older ones.
CLIENTS = {"azure-keyvault-secrets", "azure-storage-blob", "azure-storage-queue"}
#: Used where it is installed, and reported where it is not.
OPTIONAL = {"3.14"}


@dataclass(frozen=True)
class Environment:
    """A virtual environment: the Python that it has, and which versions are installed in it."""

    name: str
    python: str
    constraints: list[str]


def declared_minimums() -> dict[str, str]:
    """Return the lower bound of each dependency that pyproject.toml declares, by lower-case name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        requirements += extra
    minimums: dict[str, str] = {}
    for requirement in requirements:
        found = re.match(r"(?P<name>[\w.-]+)(\[.*\])?>=(?P<version>[\w.]+)", requirement)
        if not found:
            raise SystemExit(f"pyproject.toml: {requirement!r} declares no minimum version")
        minimums[found["name"].lower()] = found["version"]
    return minimums


def pinned(*, only: Collection[str] | None = None, without: Collection[str] = ()) -> Iterator[str]:
    """Yield the lines of constraints.txt: of these packages, and not of those."""
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name = line.partition("==")[0].lower()
        if name not in without and (only is None or name in only):
            yield line


def test_tools() -> set[str]:
    """Return the names in requirements-dev.txt, in lower case."""
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    return {re.split(r"[\[<>=]", line)[0].strip().lower() for line in lines if line and not line.startswith("#")}


def minimum() -> Iterator[Environment]:
    """Yield the oldest Python with the declared minimums. What they depend on is not pinned: it has to be older too."""
    minimums = declared_minimums()
    tools = pinned(only=test_tools(), without=minimums.keys() | CLIENTS)
    constraints = [*(f"{name}=={version}" for name, version in minimums.items()), *tools]
    yield Environment("min", "3.11", constraints)


def matrix() -> Iterator[Environment]:
    """Yield the supported combinations of Python and Django, everything else as in constraints.txt."""
    for python, django in MATRIX:
        constraints = [*pinned(without={"django"}), f"Django=={django}.*"]
        yield Environment(f"py{python}-django{django}", python, constraints)


def interpreter(version: str) -> str | None:
    """Return the path of a Python of this version: on PATH, or one of pyenv's."""
    versions = Path.home() / ".pyenv/versions"
    installed = sorted(versions.glob(f"{version}.*/bin/python")) if versions.is_dir() else []
    for candidate in [shutil.which(f"python{version}"), *map(str, reversed(installed))]:
        # The commands that pyenv puts on PATH exist for every version, and fail for those that are not selected.
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def prepare(environment: Environment, python: str) -> Path:
    """Create or update the virtual environment and return its Python."""
    folder = FOLDER / environment.name
    ours = folder / "bin/python"
    listing = FOLDER / f"{environment.name}.txt"
    wanted = "\n".join(environment.constraints) + "\n"
    if not ours.exists() or not listing.exists() or listing.read_text() != wanted:
        print(f"Installing {environment.name} ...", flush=True)
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / ".gitignore").write_text("*\n")
        listing.unlink(missing_ok=True)
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        pending = FOLDER / f"{environment.name}.new"
        pending.write_text(wanted)
        install = [
            str(ours),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--constraint",
            str(pending),
        ]
        subprocess.run([*install, "--editable", f".[{EXTRAS}]", "-r", "requirements-dev.txt"], cwd=ROOT, check=True)
        pending.rename(listing)
    return ours


def run(environments: Iterator[Environment], arguments: list[str]) -> int:
    """Run the suite in each environment and return how many failed."""
    outcomes: dict[str, str] = {}
    for environment in environments:
        python = interpreter(environment.python)
        if python is None:
            outcomes[environment.name] = "not installed" if environment.python in OPTIONAL else "FAILED: no such Python"
            continue
        print(f"Testing {environment.name} ...", flush=True)
        selection = arguments or ["--ignore", "tests/browser"]
        command = [str(prepare(environment, python)), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        done = subprocess.run([*command, *selection], cwd=ROOT, check=False)
        outcomes[environment.name] = "FAILED" if done.returncode else "passed"
    for name, outcome in outcomes.items():
        print(f"{name:20} {outcome}")
    return sum(outcome.startswith("FAILED") for outcome in outcomes.values())


if __name__ == "__main__":
    sys.exit(bool(run({"min": minimum, "all": matrix}[sys.argv[1]](), sys.argv[2:])))
