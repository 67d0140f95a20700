"""Rows of text in columns."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Row:
    """One comparison, and whether it meets the bar that was set for it."""

    name: str
    peer: str
    project: str
    ratio: str
    note: str
    bar: str = ""


def bar(met: bool, wanted: str) -> str:
    """Return what was wanted, and whether it was reached."""
    return f"{wanted}: {'met' if met else 'NOT MET'}"


def table(rows: Iterable[Row]) -> str:
    """Return the rows with a heading, aligned."""
    lines = [("", "azure-identity", "webidentity", "ratio", "note", "bar"), *(astuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
