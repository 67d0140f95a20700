"""The page of explained mutants, as ``make mutants`` reads it."""

from pathlib import Path

from tools.mutations import explained_rows

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
