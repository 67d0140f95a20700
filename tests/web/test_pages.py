"""Pages and headers: input is escaped."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.request_facts import facts
from webidentity.web import Cookie
from webidentity.web._answer import html_answer, json_answer, redirect
from webidentity.web._challenge import header_text
from webidentity.web._pages import Page, refuse

ANYTHING = st.text(max_size=60) | st.sampled_from(["<script>", '"><img src=x onerror=a>', "'", "&lt;", "</title>"])


@given(ANYTHING)
def test_no_text_becomes_markup(text: str) -> None:
    """Each place where a page shows text escapes it."""
    empty = Page("", "", "x", ("", "")).html()
    page = Page(text, text, f"x{text}", (text, text)).html()
    tags = re.compile(r"<[^>]*>")
    assert [tag.split()[0] for tag in tags.findall(page)] == [tag.split()[0] for tag in tags.findall(empty)]
    assert page.count('"') == empty.count('"')


@given(ANYTHING)
def test_a_button_that_posts_is_escaped_too(text: str) -> None:
    """Its URL is that of the request."""
    page = Page("a", "b", action=(text, text), posts=True).html()
    assert page.count("<") == Page("a", "b", action=("", ""), posts=True).html().count("<")


@given(st.text(max_size=700))
def test_header_text_fits_into_a_quoted_parameter(text: str) -> None:
    """RFC 6750 section 3: no quote, no backslash, nothing that ends a line; RFC 9110 section 5.5."""
    assert re.fullmatch(r"[ !#-\[\]-~]{0,500}", header_text(text))


def test_header_text_keeps_what_is_readable() -> None:
    """Line breaks become spaces."""
    assert header_text('Wrong:\r\n  Set-Cookie: a="b"\\') == "Wrong: Set-Cookie: a= b"


def test_a_refusal_is_a_page_or_json() -> None:
    """The kind of caller decides the format, and both formats have the same text."""
    page = Page("A <title>", "What to do.", "Error: x")
    html = refuse(facts(), 400, "bad", page)
    assert html.content_type.startswith("text/html")
    assert "A &lt;title&gt;" in html.body
    answer = refuse(facts(headers={"accept": "application/json"}), 400, "bad", page)
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"error": "bad", "message": "A <title>. What to do.", "detail": "Error: x"}
    assert "detail" not in json.loads(refuse(facts(headers={"accept": "*/*"}), 400, "bad", Page("a", "b")).body)


def test_answers_are_never_cached_or_framed() -> None:
    """Each kind of answer."""
    for answer in (redirect("/"), html_answer(200, ""), json_answer(200, {})):
        headers = dict(answer.headers)
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_repr_of_an_answer_shows_no_value() -> None:
    """Debug pages print it. It contains no body, no header and no cookie value."""
    answer = json_answer(200, {"a": "the-body"}, (("X-Header", "the-header"),))
    text = repr(answer.with_cookies(Cookie("name", "the-value", 1, secure=True)))
    assert not re.search("the-(body|header|value)", text)


def test_the_repr_of_a_request_shows_no_value() -> None:
    """It contains neither query nor headers nor cookies."""
    request = facts(query="code=the-code", headers={"authorization": "the-header"}, cookies={"a": "the-cookie"})
    assert not re.search("the-(code|header|cookie)", repr(request))
