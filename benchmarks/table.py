"""A comparison, and the table of comparisons."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

_HEADINGS = ("measurement", "azure-identity", "webidentity", "ratio", "details", "target")


@dataclass(frozen=True)
class Comparison:
    """One measurement of both libraries, and whether this library reaches the target that was set for it."""

    name: str
    peer: str
    project: str
    ratio: str
    details: str = ""
    target: str = ""


def target(met: bool, wanted: str) -> str:
    """Return the target, and whether it was reached."""
    return f"{wanted}: {'met' if met else 'NOT MET'}"


def table(comparisons: Iterable[Comparison]) -> str:
    """Return the comparisons as text in aligned columns, with headings."""
    lines = [_HEADINGS, *(astuple(each) for each in comparisons)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
