"""Typical mistakes of an application: the error says what to write."""

import importlib
import re
from typing import Any

import pytest

from tests.kit.sites import MakeSite, Site

PACKAGES = ("webidentity_flask", "webidentity_django")


def view() -> None:
    """A view of an application."""


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "message"),
    [
        ("require_token", [view], {}, "write @require_token(scopes=[...])"),
        ("require_token", ["api://files/Read"], {}, "write @require_token(scopes=[...])"),
        ("require_token", [], {}, "write @require_token(scopes=[...])"),
        ("require_token", [], {"scope": ["api://files/Read"]}, "write @require_token(scopes=[...])"),
        ("require_sign_in", [], {}, "write @require_sign_in without parentheses"),
        ("require_sign_in", [["api://files/Read"]], {}, "write @require_sign_in without parentheses"),
        ("require_sign_in", [], {"scopes": ["api://files/Read"]}, "or @require_token(scopes=[...])"),
    ],
)
def test_a_wrong_call_of_a_decorator(
    package: str, name: str, arguments: list[Any], keywords: dict[str, Any], message: str
) -> None:
    """The module of the views cannot be imported, and the message has the right line."""
    with pytest.raises(TypeError, match=rf"^{name}: ") as caught:
        getattr(importlib.import_module(package), name)(*arguments, **keywords)
    assert message in str(caught.value)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_decorated_result_of_require_token_needs_a_view(package: str) -> None:
    """Stacking the parentheses of two decorators by mistake."""
    with pytest.raises(TypeError, match=r"^require_token: write @require_token\(scopes=\[\.\.\.\]\)"):
        importlib.import_module(package).require_token(scopes=["api://files/Read"])("api://files/Read")


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("/mistaken/credentials", ["'credentials'", "Did you mean credential?", "credential, identity, token"]),
        ("/async/mistaken/credentials", ["'credentials'", "Did you mean credential?"]),
        ("/mistaken/token", ["'token'", "@require_token(scopes=[...]) provides it"]),
        ("/async/mistaken/token", ["'token'", "@require_token(scopes=[...]) provides it"]),
        ("/class/mistaken", ["'user'", "credential, identity, token"]),
    ],
)
def test_a_parameter_of_a_view_that_nothing_provides(site: Site, path: str, messages: list[str]) -> None:
    """The error names the parameter, and what there is."""
    browser = site.browser()
    browser.sign_in()
    assert browser.get(path).status == 500
    texts = [text for text in site.log.texts() if "TypeError: " in text]
    assert texts
    for message in messages:
        assert message in texts[-1], texts[-1]


@pytest.mark.parametrize("path", ["/mistaken/elsewhere", "/async/mistaken/elsewhere"])
def test_the_type_errors_of_a_view_are_left_alone(site: Site, path: str) -> None:
    """They are about something else, although the words are the same."""
    browser = site.browser()
    browser.sign_in()
    assert browser.get(path).status == 500
    text = next(text for text in reversed(site.log.texts()) if "TypeError: " in text)
    assert re.search(r"TypeError: .*helper\(\) missing 1 required positional argument: 'credentials'", text)
    assert "Did you mean" not in text


def test_workers_with_different_secret_keys(build: MakeSite) -> None:
    """One warning says so, however many sign-ins fail. The user sees a page."""
    first = build()
    browser = first.browser()
    pages = [browser.get("/me") for _ in range(2)]
    backs = [browser.authorize(page) for page in pages]
    other = build(secret_key="another-key-of-another-worker-0123456789")
    browser.call = other.call
    for back in backs:
        assert "We could not match this sign-in to your browser" in browser.get(back).text
    warnings = [text for text in other.log.messages("webidentity.web") if "SECRET_KEY" in text]
    assert len(warnings) == 1
    assert "another SECRET_KEY" in warnings[0]
    assert "SECRET_KEY_FALLBACKS" in warnings[0]


def test_a_sign_in_that_is_unknown_for_another_reason_is_no_matter_of_keys(site: Site) -> None:
    """Its cookie was lost, or the browser has one that the site did not write."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    for name in browser.pending():
        browser.jar[name] = "1.AAAA"
    assert browser.get(back).status == 400
    browser.jar.clear()
    assert browser.get(back).status == 400
    assert not [text for text in site.log.messages("webidentity.web") if "SECRET_KEY" in text]
