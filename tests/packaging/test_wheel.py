"""The files and the metadata of the wheel."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from webidentity import __version__

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {"webidentity": "webidentity", "webidentity_flask": "integrations", "webidentity_django": "integrations"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of the sources with the hatchling that is installed."""
    copy = tmp_path_factory.mktemp("sources")
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", "*.sqlite3*")
    for name in ("webidentity", "integrations"):
        shutil.copytree(ROOT / name, copy / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "built"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    [built] = (copy / "built").glob("*.whl")
    return zipfile.ZipFile(built)


def files_of(package: str) -> set[str]:
    """Return the files of the package in the repository, relative to the folder it is imported from."""
    folder = ROOT / PACKAGES[package]
    base = folder if folder.name == "integrations" else ROOT
    found = (path for path in (base / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(base)) for path in found}


def test_the_wheel_has_the_three_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """All their files, under their import names; no tests, and no "integrations" folder."""
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == set().union(*(files_of(package) for package in PACKAGES))
    assert {name.partition("/")[0] for name in names} == set(PACKAGES)


def test_each_package_is_typed(wheel: zipfile.ZipFile) -> None:
    """PEP 561: each has a ``py.typed`` file."""
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def read(wheel: zipfile.ZipFile, name: str) -> str:
    """Return a file of the wheel's metadata."""
    [path] = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode()


def test_the_entry_points_name_modules_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    """The command and the pytest plugin are declared, and their modules are in the wheel."""
    text = read(wheel, "entry_points.txt")
    assert "[console_scripts]\nwebidentity = webidentity.cli:main" in text
    assert "[pytest11]\nwebidentity = webidentity.testing.pytest_plugin" in text
    assert {"webidentity/cli.py", "webidentity/testing/pytest_plugin.py"} <= set(wheel.namelist())


def test_the_metadata_has_version_licence_and_extras(wheel: zipfile.ZipFile) -> None:
    """They match pyproject.toml and the package."""
    metadata = Parser().parsestr(read(wheel, "METADATA"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (metadata["Name"], metadata["Version"]) == ("webidentity", __version__)
    assert set(metadata.get_all("Provides-Extra") or ()) == set(project["optional-dependencies"])
    assert any(name.endswith("LICENSE") for name in wheel.namelist())
