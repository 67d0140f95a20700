"""The guides for contributors name files that exist."""

import re
from pathlib import Path

import pytest

from tests.kit.documents import ROOT, documents, name_of

GUIDES = [path for path in documents() if path.name in ("CONTRIBUTING.md", "README.md", "SECURITY.md")]
#: Files that exist in a user's project, or that are written while the program runs.
FOREIGN = {"app.py", "manage.py", "settings.py", "urls.py", "views.py"}


def paths_in(text: str) -> list[str]:
    """Return what is in backticks and looks like a path: it begins with a folder of the repository or has a suffix."""
    folders = "|".join(path.name for path in ROOT.iterdir() if path.is_dir())
    return re.findall(rf"`((?:(?:{folders})/[\w./-]*)|[\w./-]+\.(?:py|md|txt|toml|sh))`", text)


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_every_path_exists(guide: Path) -> None:
    """Paths are relative to the root of the repository, the folder of the guide, or the kit."""
    bases = (ROOT, guide.parent, ROOT / "tests/kit")
    named = [path for path in paths_in(guide.read_text(encoding="utf-8")) if path not in FOREIGN]
    assert [path for path in named if not any((base / path).exists() for base in bases)] == []


def test_missing_paths_are_found() -> None:
    """Paths are told apart from other code."""
    assert paths_in(
        "`webidentity/no.py` `Makefile` `no.md` `run(flow)` `try/except` `/auth/callback` `make check`"
    ) == [
        "webidentity/no.py",
        "no.md",
    ]
