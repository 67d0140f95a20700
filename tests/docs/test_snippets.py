"""The snippets of the documentation do what they are printed for.

A Python snippet is executed. Those of one document share their names, as a reader types them one after the other; two
kinds are recognized by their text: tests, which pytest runs, and the files of a Django project. A shell snippet is
executed in an empty folder. A snippet after the comment ``<!-- not run: REASON -->`` is only checked: that it parses,
and that the commands, targets and extras that it names exist.
"""

import ast
import asyncio
import inspect
import itertools
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Engine
from django.template import Template as DjangoTemplate
from jinja2 import Template

from tests.kit.documents import ROOT, Snippet, documents, name_of, snippets_of
from tests.kit.reader import names_of_a_reader
from tests.kit.snippet_runner import files_in, run, run_pytest

#: Their Python snippets have tests of their own, test_testing_page.py and test_readme.py.
OWN_TESTS = (ROOT / "docs/testing.md", ROOT / "README.md")
TEST_HEADER = "from tests.kit.reader import OWN_CODE\nglobals().update(OWN_CODE)\n"
VISIT = """
from importlib import import_module
from django.core.management import call_command
from django.test import Client
for module in {modules}:
    import_module("project." + module)
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
page = Client(SERVER_NAME="localhost").get("/auth/sign-in")
assert page.status_code == 302, page
assert "/oauth2/v2.0/authorize" in page.headers["Location"], page.headers
"""


def of_language(*languages: str) -> list[Snippet]:
    """Return all snippets in one of these languages."""
    return [snippet for each in documents() for snippet in snippets_of(each) if snippet.language in languages]


def each_of(snippets: list[Snippet]) -> Any:
    """Run a test for each of the snippets."""
    return pytest.mark.parametrize("snippet", snippets, ids=lambda snippet: snippet.place)


def python_snippets_of(document: Path) -> list[Snippet]:
    """Return the snippets that can run."""
    return [each for each in snippets_of(document) if each.language == "python" and not each.reason]


@pytest.mark.parametrize(
    "document", [each for each in documents() if each not in OWN_TESTS and python_snippets_of(each)], ids=name_of
)
def test_python_snippets_run(document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The snippets of a document run one after the other, in one namespace."""
    snippets = python_snippets_of(document)
    monkeypatch.chdir(tmp_path)
    with names_of_a_reader(monkeypatch) as names:
        names |= {"__name__": "snippet", "__file__": str(tmp_path / "snippet.py")}
        for snippet in snippets:
            _kind_of(snippet)(snippet, names, tmp_path)


def _kind_of(snippet: Snippet) -> Callable[[Snippet, dict[str, Any], Path], None]:
    if re.search(r"(?m)^(async )?def test_", snippet.text):
        return _run_with_pytest
    return _run_in_a_django_project if "settings.py" in files_in(snippet) else _execute


def _execute(snippet: Snippet, names: dict[str, Any], folder: Path) -> None:
    code = compile(snippet.padded, snippet.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


def _run_with_pytest(snippet: Snippet, names: dict[str, Any], folder: Path) -> None:
    (folder / "test_snippet.py").write_text(TEST_HEADER + snippet.text)
    plugins = ["-p", "tests.conftest"] if snippet.document.is_relative_to(ROOT / "tests") else []
    assert " passed" in run_pytest(folder, "test_snippet.py", *plugins, PYTHONPATH=str(ROOT))


def _run_in_a_django_project(snippet: Snippet, names: dict[str, Any], folder: Path) -> None:
    files = files_in(snippet)
    run(["django-admin", "startproject", "project", "."], folder)
    for name, text in files.items():
        path = folder / "project" / name
        path.write_text(f"{path.read_text() if path.exists() else TEST_HEADER}\n{text}")
    visit = VISIT.format(modules=[name.removesuffix(".py") for name in files])
    tenant = ["webidentity", "tenant", "--port", "0", sys.executable, "manage.py"]
    run([*tenant, "shell", "--command", visit], folder, PYTHONPATH=str(ROOT))


@each_of([each for each in of_language("python") if each.reason])
def test_python_that_is_not_run_compiles(snippet: Snippet) -> None:
    """A Python snippet that is not run has valid syntax."""
    compile(snippet.padded, snippet.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@each_of(of_language("sh"))
def test_shell_snippets_run_or_can_be_parsed(snippet: Snippet, tmp_path: Path) -> None:
    """A shell snippet runs or at least parses, and the targets, extras and options that it names exist."""
    run(["sh", "-n", "-c", snippet.text], tmp_path)
    for line in snippet.text.splitlines():
        words = shlex.split(line, comments=True)
        _check_command(words)
        assert snippet.reason or words[:1] not in (["make"], ["pip"]), f"say why it is not run: {line}"
    if not snippet.reason:
        run(["sh", "-e", "-u", "-c", snippet.text], tmp_path)


def _check_command(words: list[str]) -> None:
    """Fail if the line names a target, an extra or an option that does not exist."""
    if words[:1] == ["make"]:
        targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
        assert {word for word in words[1:] if "=" not in word} <= targets
    if words[:2] == ["pip", "install"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        for named in re.findall(r"\[([\w,]+)\]", " ".join(words)):
            assert set(named.split(",")) <= set(extras)
    if words[:1] == ["webidentity"]:
        options = list(itertools.takewhile(lambda word: word.startswith("-") or word.isdigit(), words[2:]))
        run([*words[:2], *options, "--help"], ROOT)


class Elements(HTMLParser):
    """Checks that each element that was opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"input", "br", "hr", "img", "link", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@each_of(of_language("html"))
def test_html_snippets_render(snippet: Snippet) -> None:
    """HTML snippets render as templates of Django or Jinja, and the result is well formed."""
    checker = Elements()
    checker.feed(_rendered(snippet.text))
    assert checker.open == []


def _rendered(text: str) -> str:
    if "url_for" in text:
        return Template(text).render(url_for=lambda endpoint, **_: f"/{endpoint}")
    return str(DjangoTemplate(text, engine=Engine()).render(Context()))
