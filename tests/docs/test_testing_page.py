"""Every example of docs/testing.md runs as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
#: Each block begins with a comment that names its file.
FILES = dict(re.findall(r"```(?:python|text)\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL))
DJANGO = ("pytest.ini", "settings.py", "urls.py", "test_django_site.py", "test_live_server.py")
ALONE = sorted(name for name in FILES if name not in DJANGO)


def run_pytest(folder: Path, *names: str, options: tuple[str, ...] = ()) -> str:
    """Run pytest on these examples in a new process, as a reader would, and return what it prints."""
    for name in names:
        (folder / name).write_text(FILES[name])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_every_python_block_names_its_file() -> None:
    assert len(FILES) == len(re.findall(r"```(?:python|text)\n", PAGE.read_text()))


def test_the_examples_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    printed = run_pytest(tmp_path, *ALONE)
    expected = sum(len(re.findall(r"^def test_", FILES[name], re.MULTILINE)) for name in ALONE)
    assert f"{expected} passed" in printed


def test_the_django_example(tmp_path: Path) -> None:
    printed = run_pytest(tmp_path, *DJANGO)
    assert "3 passed" in printed
    assert not list(tmp_path.glob("webidentity.sqlite3*")), "the tests of a project must not write its token cache"


@pytest.mark.parametrize("example", ["test_flask_site.py"])
def test_examples_leave_no_token_cache_behind(tmp_path: Path, example: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    run_pytest(tmp_path, example)
    assert not list(tmp_path.rglob("webidentity.sqlite3*"))
