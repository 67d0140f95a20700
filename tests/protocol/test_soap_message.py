"""Checks of SOAP messages before and after msal handles them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msal.wstrust_response import parse_token_by_re

from tests.kit.canned import Reply
from tests.kit.federation import SAML_1, SOAP, WSS, fault, issued
from tests.kit.script import Response
from webidentity import EntraError
from webidentity._protocol.soap_message import carries_password, check_for_fault, is_searchable, parse_xml

NAMES = ("RequestSecurityTokenResponse", "RequestedSecurityToken", "TokenType")
PIECES = st.sampled_from(
    [
        f'<s:Envelope xmlns:s="{SOAP}">',
        "<s:Body>",
        "<s:Fault>",
        "</s:Fault>",
        "</s:Body></s:Envelope>",
        "<![CDATA[<s:Fault>]]>",
        "<!DOCTYPE a>",
        '<?xml version="1.0" encoding="utf-16"?>',
        "&#x0;",
        "\ud800",
        "\u00e9",
        "<",
    ]
)


def envelope(username: str, password: str) -> str:
    """Return an envelope with these texts, not escaped."""
    names = "wssecurity-secext-1.0.xsd"
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:o="{WSS}-{names}"><s:Header><o:Security><o:UsernameToken>'
        f"<o:Username>{username}</o:Username><o:Password>{password}</o:Password>"
        "</o:UsernameToken></o:Security></s:Header></s:Envelope>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        "<a>",
        "<a/><b/>",
        "<!DOCTYPE a><a/>",
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "<a>&b;</a>",
        f"<a>{'x' * (1 << 20)}</a>",
        "<a>\ud800</a>",
        "<a>\0</a>",
    ],
)
def test_text_that_is_not_plain_xml_is_refused(text: str) -> None:
    """Among it everything with a document type, where entities are declared."""
    assert parse_xml(text) is None
    assert not is_searchable(text)


def test_declared_encoding_does_not_hide_a_document_type() -> None:
    """The text is parsed as it was searched, whatever encoding it declares."""
    for encoding in ("utf-16", "utf-7", "cp037"):
        root = parse_xml(f'<?xml version="1.0" encoding="{encoding}"?><a>+ADwAIQ-DOCTYPE</a>')
        assert root is not None
        assert root.text == "+ADwAIQ-DOCTYPE"


def test_envelope_carries_the_password_if_a_parser_reads_the_same() -> None:
    """An envelope is rejected if a parser changes the password or reads it as elements."""
    assert carries_password(envelope("ada", "a&amp;b"), "ada", "a&b")
    assert not carries_password(envelope("ada", "a\rb"), "ada", "a\rb")
    assert not carries_password(envelope("ada", "a\x07b"), "ada", "a\x07b")
    assert not carries_password(envelope("ada", "<x/>"), "ada", "<x/>")
    assert not carries_password(envelope("eve", "a"), "ada", "a")
    assert not carries_password("<a/>", "ada", "a")


@pytest.mark.parametrize("name", NAMES)
def test_msal_is_not_given_a_reply_that_it_would_search_for_minutes(name: str) -> None:
    """msal's regular expressions take time that grows with the number of matches times the length."""
    assert is_searchable(str(issued().body))
    assert is_searchable(f"<a>{f'<{name}/>' * 20}</a>")
    assert not is_searchable(f"<a>{f'<{name}/>' * 21}</a>")


def test_longest_reply_is_searched_in_seconds() -> None:
    """A reply with the maximum number of matches and no end tag is searched in less than ten seconds."""
    opening, closing = "<RequestSecurityTokenResponse>", "</RequestSecurityTokenRespons>"
    text = f"<a><![CDATA[{opening * 20}{closing * 34_000}]]></a>"
    assert is_searchable(text)
    start = time.perf_counter()
    assert parse_token_by_re(text) is None
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("status", [200, 400, 500])
def test_fault_is_raised_whatever_the_status(status: int) -> None:
    """The error has the server's reason without the password."""
    reply = fault("You sent p&amp;ssword.", status=status)
    with pytest.raises(EntraError, match=r"You sent \*\*\*\. User name or password may be wrong\.$"):
        check_for_fault(Response(reply), str(reply.body), "p&ssword")


def test_reply_with_an_assertion_is_not_a_fault() -> None:
    """A reply with an assertion raises no error."""
    check_for_fault(Response(issued()), str(issued().body), "password")


@given(st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=50), st.sampled_from([200, 500]))
def test_any_reply_is_accepted_or_is_an_entra_error(text: str, status: int) -> None:
    """An error status is always an error."""
    try:
        check_for_fault(Response(Reply("", status)), text, "password")
    except EntraError:
        return
    assert status == 200
    assert is_searchable(text) in {True, False}


def test_document_of_ad_fs_is_accepted() -> None:
    """A response has each of the names at most four times."""
    text = str(issued(f'<a:Assertion xmlns:a="{SAML_1}">{"x" * 100_000}</a:Assertion>').body)
    assert is_searchable(text)
