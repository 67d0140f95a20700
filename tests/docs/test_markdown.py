"""The Markdown files render as their authors meant."""

from pathlib import Path

import pytest

from tests.kit.documents import broken_links, broken_tables, documents, name_of, snippets_of, tokens_of

every_document = pytest.mark.parametrize("document", documents(), ids=name_of)
LANGUAGES = {"python", "sh", "html", "ini", "text"}


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    """Relative links, with the anchors of headings."""
    assert broken_links(document) == []


@every_document
def test_tables_are_tables(document: Path) -> None:
    """Each row has as many cells as the header, and no paragraph became a row."""
    assert broken_tables(document) == []


@every_document
def test_the_language_of_a_snippet_is_known(document: Path) -> None:
    """A snippet in any other language would not be checked."""
    assert {snippet.language for snippet in snippets_of(document)} <= LANGUAGES


@every_document
def test_there_is_one_title(document: Path) -> None:
    """It is the first thing in the document."""
    titles = [token for token in tokens_of(document) if token.type == "heading_open" and token.tag == "h1"]
    assert titles == tokens_of(document)[:1]


BROKEN = """# A title

[here](#a-title) [there](other.md) [nowhere](#no-title) [elsewhere](https://a.test)

| a | b |
|---|---|
| 1 | 2 |
A paragraph without an empty line before it.

| c |
"""


def test_mistakes_are_found(tmp_path: Path) -> None:
    """The checks above can fail."""
    document = tmp_path / "broken.md"
    document.write_text(BROKEN)
    assert broken_links(document) == ["other.md", "#no-title"]
    assert broken_tables(document) == ["line 10 is not part of a table", "line 8 has 1 cells and not 2"]
