"""Pages and headers: input is escaped."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.request_facts import facts
from webidentity.web import Cookie
from webidentity.web._answer import html_answer, json_answer, redirect
from webidentity.web._challenge import header_text
from webidentity.web._pages import Page, continue_at, refuse, send_to_authority

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


def test_a_page_has_a_style_for_light_and_dark_screens() -> None:
    """It is part of the page, so that the page needs no other request."""
    head = Page("a", "b").html().partition("</head>")[0]
    assert re.search(r"<style>[^<]*prefers-color-scheme:dark[^<]*</style>$", head)


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


def test_a_page_has_the_buttons_that_it_is_given() -> None:
    """Links, or one form that posts; neither if there is nothing to do."""
    nothing = Page("a", "b").html()
    assert "<form" not in nothing
    assert "<a " not in nothing
    assert nothing.endswith("<h1>a</h1><p>b</p></main></body></html>")
    one = Page("a", "b", "detail", action=("/first", "First")).html()
    assert re.findall('<a class="action" href="([^"]*)">([^<]*)<', one) == [("/first", "First")]
    assert '<p class="soft">detail</p>' in one
    two = Page("a", "b", action=("/first", "First"), other_action=("/second", "Second")).html()
    assert re.findall('<a class="action" href="([^"]*)">([^<]*)<', two) == [("/first", "First"), ("/second", "Second")]
    form = Page("a", "b", action=("/first", "First"), posts=True).html()
    assert '<form method="post" action="/first"><button class="action">First</button></form>' in form
    assert "<a " not in form


URL = "https://login.test/authorize?state=the-state"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_that_navigates_is_redirected(method: str) -> None:
    """To the authority."""
    answer = send_to_authority(facts(method=method), URL)
    assert (answer.status, dict(answer.headers)["Location"]) == (302, URL)


def test_a_browser_that_posts_goes_on_from_a_page() -> None:
    """The policy for its form would stop a redirection. The page itself does not have the URL."""
    for answer in (send_to_authority(facts(method="POST"), URL), continue_at(facts(method="POST"), URL)):
        assert (answer.status, dict(answer.headers)["Refresh"]) == (200, f"0;url={URL}")
        assert "Location" not in dict(answer.headers)
        assert "the-state" not in answer.body


def test_a_program_that_posts_does_not_send_its_body_on() -> None:
    """303 changes the method to GET (RFC 9700 section 4.12)."""
    answer = send_to_authority(facts(method="POST", headers={"accept": "application/json"}), URL)
    assert (answer.status, dict(answer.headers)["Location"], answer.body) == (303, URL, "")
