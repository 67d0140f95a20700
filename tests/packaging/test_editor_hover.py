"""What an editor shows for the public classes, asked of pyright's language server."""

import inspect
import re
from html import unescape
from types import ModuleType

import pytest

import webidentity
import webidentity.aio
from tests.kit.language_server import running_language_server

PACKAGES: dict[str, ModuleType] = {"webidentity": webidentity, "webidentity.aio": webidentity.aio}
NAMES = [f"{package}.{name}" for package, module in PACKAGES.items() for name in module.__all__]
CONSTRUCTED = [name for name in NAMES if name.endswith("Credential")]


def words(text: str) -> list[str]:
    """Return the words, without the markup of reStructuredText and of the editor's Markdown."""
    return re.findall(r"\w+", re.sub(r":\w+:(?=`)", "", unescape(text).replace("\\", "")))


@pytest.fixture(scope="module")
def hovers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is shown for each public name, and for a call of each credential class."""
    folder = tmp_path_factory.mktemp("workspace")
    lines = {name: name for name in NAMES} | {f"{name}()": f"{name}()" for name in CONSTRUCTED}
    text = "\n".join(["import webidentity", "import webidentity.aio", *lines.values()])
    uri = (folder / "user.py").as_uri()
    with running_language_server(folder) as server:
        server.open_text(uri, text)
        return {
            key: server.hover(uri, number, line.rindex(".") + 2) for number, (key, line) in enumerate(lines.items(), 2)
        }


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}()" for name in CONSTRUCTED)])
def test_hover_shows_the_documentation_of_the_name_itself(hovers: dict[str, str], name: str) -> None:
    """The whole of it, and not that of a base class, for the class and for a call of it."""
    package, _, attribute = name.removesuffix("()").rpartition(".")
    documentation = inspect.getdoc(getattr(PACKAGES[package], attribute))
    assert documentation is not None
    shown = hovers[name].partition("\n---\n")[2]
    assert words(shown) == words(documentation)


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_hover_shows_the_signature_of_the_constructor(hovers: dict[str, str], name: str) -> None:
    """The hover text has the name of every parameter."""
    package, _, attribute = name.rpartition(".")
    shown = hovers[name].partition("\n---\n")[0]
    for parameter in inspect.signature(getattr(PACKAGES[package], attribute)).parameters:
        assert re.search(rf"\b{parameter}\b", shown), shown
