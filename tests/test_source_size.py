"""The check of module sizes and names, over a small tree and over this one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.source_size import complaints


@pytest.mark.parametrize("git", [True, False])
def test_long_modules_and_vague_names_are_reported(tmp_path: Path, git: bool) -> None:
    """The check reads tracked and untracked files, works without git, and skips files that git ignores."""
    files = {
        "webidentity/long.py": 401,
        "webidentity/fits.py": 400,
        "webidentity/utils.py": 1,
        "integrations/site/helpers/noun.py": 1,
        "demo_site/_common.py": 1,
        "tests/long.py": 401,
        "tools/long.py": 999,
        "webidentity/long.txt": 999,
    }
    for name, lines in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("pass\n" * lines)
    if git:
        (tmp_path / ".gitignore").write_text("ignored/\n")
        (tmp_path / "webidentity/ignored").mkdir()
        (tmp_path / "webidentity/ignored/misc.py").touch()
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
        subprocess.run(["git", "add", "webidentity/long.py"], cwd=tmp_path, check=True)
    found = [line.split(":")[0] for line in complaints(tmp_path)]
    assert found == [
        "demo_site/_common.py",
        "integrations/site/helpers/noun.py",
        "tests/long.py",
        "webidentity/long.py",
        "webidentity/utils.py",
    ]


def test_packages_and_tests_pass() -> None:
    """The script reports nothing, run as ``make check`` runs it."""
    script = Path(__file__).parents[1] / "tools/source_size.py"
    outcome = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, "")
