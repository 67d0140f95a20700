"""What ``make mutants`` reads: the page of explained mutants, and what the last run has measured."""

from pathlib import Path

import pytest

from tools import reached
from tools.mutations import explained_rows
from tools.reached import Measured, Reached

PAGE = r"""
| why | meaning |
|---|---|
| boundary | one byte more |

## cache/_a.py

| mutant | before | after | why |
|---|---|---|---|
| `_a.py` `f` | `x \| y` | `None` | boundary |
| `_a.py` `f` | `0` | `1` | first |
| `_a.py` `f` | `0` | `1` | second, at another place |

## web/_a.py

| mutant | before | after | why |
|---|---|---|---|
| `_a.py` `f` | `0` | `1` | boundary |
"""


def test_each_row_explains_one_mutant_of_its_module(tmp_path: Path) -> None:
    """Two mutants that look alike need two rows, and modules of the same name have rows of their own."""
    page = tmp_path / "mutants.md"
    page.write_text(PAGE)
    assert explained_rows(page) == {
        ("cache/_a.py", r"| `_a.py` `f` | `x \| y` | `None` |"): 1,
        ("cache/_a.py", "| `_a.py` `f` | `0` | `1` |"): 2,
        ("web/_a.py", "| `_a.py` `f` | `0` | `1` |"): 1,
    }


@pytest.mark.parametrize("changed", ["tests/test_a.py", "tests/kit/a.py", "webidentity/a.py", "constraints.txt"])
def test_a_test_is_measured_again_when_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """Its own file, the code, what tests share, or a version. Otherwise the lines that it reaches are the same."""
    monkeypatch.setattr(reached, "ROOT", tmp_path)
    monkeypatch.setattr(reached, "FOLDER", tmp_path / ".mutants")
    for name in ("tests/test_a.py", "tests/test_b.py", "tests/kit/a.py", "webidentity/a.py", "constraints.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1")
    name = "tests/test_a.py::test_a[::]"
    measured = Reached({name: Measured(0.5, {"webidentity/a.py": [3, 4]})})
    measured.save()

    def known() -> Reached:
        loaded = Reached()
        loaded.load([name, "tests/test_b.py::test_b"])
        return loaded

    assert known().tests == measured.tests
    assert known().by_line(tmp_path / "webidentity/a.py") == {3: {name}, 4: {name}}
    (tmp_path / changed).write_text("a = 2")
    assert not known().tests
