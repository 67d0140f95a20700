"""The Markdown files of the repository: their snippets, links and tables."""

import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

#: A comment on the line before a fence. It says why the snippet is only checked and not executed.
_MARKER = re.compile(r"<!-- not run: (?P<reason>\S.*?) -->")


@dataclass(frozen=True)
class Snippet:
    """A fenced block of code."""

    document: Path
    line: int
    language: str
    text: str
    reason: str
    """Why it cannot be executed; empty if it can."""

    @property
    def place(self) -> str:
        """Where it is, for messages and for the names of tests."""
        return f"{name_of(self.document)}:{self.line}"

    @property
    def padded(self) -> str:
        """The text on the lines that it has in the document, so that tracebacks name them."""
        return "\n" * self.line + self.text


def name_of(document: Path) -> str:
    """Return the path of the document from the root of the repository."""
    return str(document.relative_to(ROOT))


def documents() -> list[Path]:
    """Return the Markdown files that git tracks, or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        # Not a git checkout: an unpacked sdist, for example.
        return sorted(path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.parts))
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def tokens_of(document: Path) -> list[Token]:
    """Parse the document as CommonMark with tables."""
    return MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8"))


def snippets_of(document: Path) -> Iterator[Snippet]:
    """Yield the fenced blocks of the document."""
    lines = document.read_text(encoding="utf-8").splitlines()
    for token in tokens_of(document):
        if token.type == "fence" and token.map:
            start = token.map[0]
            before = next((line.strip() for line in reversed(lines[:start]) if line.strip()), "")
            marker = _MARKER.fullmatch(before)
            yield Snippet(document, start + 1, token.info.strip(), token.content, marker["reason"] if marker else "")


def broken_links(document: Path) -> list[str]:
    """Return the relative links whose file or heading does not exist."""
    broken: list[str] = []
    for target in _links(tokens_of(document)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            broken.append(target)
    return broken


def broken_tables(document: Path) -> list[str]:
    """Return the lines that were meant as rows of a table and are not, and rows with too few or too many cells."""
    lines = document.read_text(encoding="utf-8").splitlines()
    tables = [token.map for token in tokens_of(document) if token.type == "table_open" and token.map]
    fences = [token.map for token in tokens_of(document) if token.type in ("fence", "code_block") and token.map]
    inside = {line for start, end in [*tables, *fences] for line in range(start, end)}
    broken = [
        f"line {number + 1} is not part of a table"
        for number, line in enumerate(lines)
        if line.lstrip().startswith("|") and number not in inside
    ]
    for start, end in tables:
        width = _cells(lines[start])
        broken += [
            f"line {number + 1} has {_cells(lines[number])} cells and not {width}"
            for number in range(start, end)
            if _cells(lines[number]) != width
        ]
    return broken


def _cells(row: str) -> int:
    return max(1, len(re.findall(r"(?<!\\)\|", row.strip())) - 1)


def _links(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("link_open", "image"):
            yield str(token.attrGet("href") or token.attrGet("src") or "")
        yield from _links(token.children or [])


def _anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings."""
    tokens = tokens_of(path) if path.suffix == ".md" else []
    anchors: set[str] = set()
    for opening, content in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in content.children or [] if child.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            number = 0
            while (anchor := f"{slug}-{number}" if number else slug) in anchors:
                number += 1
            anchors.add(anchor)
    return anchors
