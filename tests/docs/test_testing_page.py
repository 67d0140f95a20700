"""Every example of docs/testing.md runs as it is printed."""

import re
from pathlib import Path

from tests.kit.documents import ROOT, snippets_of
from tests.kit.snippet_runner import files_in, run_pytest

SNIPPETS = [each for each in snippets_of(ROOT / "docs/testing.md") if each.language in {"python", "text"}]
#: Each snippet is one file.
FILES = {name: text for snippet in SNIPPETS for name, text in files_in(snippet).items()}
DJANGO = ("pytest.ini", "settings.py", "urls.py", "test_django_site.py", "test_live_server.py")
ALONE = sorted(FILES.keys() - set(DJANGO))


def write(folder: Path, *names: str) -> None:
    """Write the files, and the configuration of pytest if it is not one of them."""
    for name in names:
        (folder / name).write_text(FILES[name])
    if "pytest.ini" not in names:
        (folder / "pytest.ini").write_text("[pytest]\n")


def test_every_snippet_names_its_file() -> None:
    assert len(FILES) == len(SNIPPETS)


def test_the_examples_without_a_project(tmp_path: Path) -> None:
    write(tmp_path, *ALONE)
    expected = sum(len(re.findall(r"^def test_", FILES[name], re.MULTILINE)) for name in ALONE)
    assert f"{expected} passed" in run_pytest(tmp_path)
    assert not list(tmp_path.rglob("webidentity.sqlite3*")), "the examples must not write a token cache"


def test_the_django_example(tmp_path: Path) -> None:
    write(tmp_path, *DJANGO)
    assert "3 passed" in run_pytest(tmp_path)
    assert not list(tmp_path.glob("webidentity.sqlite3*")), "the tests of a project must not write its token cache"
