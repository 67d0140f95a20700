"""WS-Trust: the request, and the readers of responses and faults."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.canned import Reply
from tests.kit.federation import (
    ASSERTION,
    SAML_1,
    SAML_2,
    SOAP,
    WS_TRUST_13,
    WS_TRUST_2005,
    WSS,
    XML,
    envelope_of,
    fault,
    issued,
    response,
)
from tests.kit.script import Response
from webidentity import EntraError
from webidentity._protocol.ws_trust import SamlAssertion, build_trust_request, read_trust_response

URL, NOW = "https://fed.test/13?a=1&b=2", 1_800_000_000.9
#: What XML 1.0 can have (section 2.2).
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(CHARACTERS | st.sampled_from("\t\n\r&<>\"']\x85\u2028"), min_size=1)


def request_of(username: str = "u", password: str = "p", audience: str = "urn:a", version: Any = WS_TRUST_13) -> Any:
    """Return the request and its text."""
    request = build_trust_request(URL, version, username, password, audience, NOW)
    return request, request.content.decode()


def read(reply: Reply, version: Any = WS_TRUST_13, password: str = "canary-password") -> SamlAssertion:
    """Read a response."""
    return read_trust_response(Response(reply), version, password)


@pytest.mark.parametrize("version", [WS_TRUST_13, WS_TRUST_2005])
def test_the_request(version: Any) -> None:
    """Each element is where its specification has it."""
    request, text = request_of(version=version)
    assert (request.method, request.url) == ("POST", URL)
    root = ET.fromstring(text)
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    assert header is not None
    assert body is not None
    security = header.find(f"{{{WSS}-wssecurity-secext-1.0.xsd}}Security")
    assert security is not None
    assert security.get(f"{{{SOAP}}}mustUnderstand") == "1"
    assert [each.tag.rpartition("}")[2] for each in security] == ["Timestamp", "UsernameToken"]
    (asked,) = body
    assert asked.tag == f"{{{version.namespace}}}RequestSecurityToken"
    assert [each.tag.rpartition("}")[2] for each in asked] == ["AppliesTo", "KeyType", "RequestType"]
    sent = envelope_of(text)
    assert sent["To"] == URL
    assert (sent["Created"], sent["Expires"]) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:10:00.000Z")


def test_each_message_has_an_id_of_its_own() -> None:
    """WS-Addressing 1.0 section 3.2."""
    assert envelope_of(request_of()[1])["MessageID"] != envelope_of(request_of()[1])["MessageID"]


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_arrives_as_it_is(username: str, password: str, audience: str) -> None:
    """Carriage returns too, which a parser makes line feeds of."""
    sent = envelope_of(request_of(username, password, audience)[1])
    assert (sent["Username"], sent["Password"], sent["Address"]) == (username, password, audience)


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_have_is_not_left_out(character: str) -> None:
    """It would be another password, and a wrong one counts as a try."""
    for given_ in ({"username": f"canary{character}"}, {"password": f"canary{character}"}):
        with pytest.raises(ClientAuthenticationError, match="control character") as caught:
            request_of(**given_)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("namespace", "is_saml_2"), [(SAML_1, False), (SAML_2, True)])
@pytest.mark.parametrize("version", [WS_TRUST_13, WS_TRUST_2005])
def test_an_assertion(version: Any, namespace: str, is_saml_2: bool) -> None:
    """Of either version of either specification; the repr does not show it."""
    text = f'<a:Assertion xmlns:a="{namespace}">canary</a:Assertion>'
    found = read(issued(text, version), version)
    assert found == (text, is_saml_2)
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (fault("R"), "refused (HTTP 500): R. User name or password may be wrong."),
        (fault("R."), "refused (HTTP 500): R. User name"),
        (fault("R", "x:RequestFailed"), "refused (HTTP 500): R."),
        (fault("R", "FailedAuthentication"), "User name or password may be wrong."),
        (fault("R", " a:FailedAuthentication\n"), "User name or password may be wrong."),
        (fault("", "x:y"), "refused (HTTP 500) without a reason."),
        (fault(" \n "), "refused (HTTP 500) without a reason. User name"),
        (fault("R", status=200), "refused (HTTP 200): R."),
        (fault("<b/>R", "x:y"), "without a reason"),
        (fault("the password canary-password is wrong"), "the password *** is wrong"),
        (fault("&lt;p&gt;canary-password&lt;/p&gt;"), "<p>***</p>"),
        (fault("x" * 5000), "x ... User name"),
        (fault("a\nb\x85c\u202ed"), "a b c d"),
        (Reply("", 500, XML), "refused (HTTP 500) without a reason"),
        (Reply("<html>canary-password", 403, XML), "refused (HTTP 403) without a reason"),
        (Reply(response(), 500, XML), "refused (HTTP 500) without a reason"),
        (Reply(response(), 200, XML), ""),
        (Reply(response(f"{ASSERTION}<x>canary-password</x>"), 200, XML), ""),
        (Reply("", 200, XML), "sent no SAML assertion (HTTP 200)"),
        (Reply("<a>canary-password</a>", 200, XML), "sent no SAML assertion (HTTP 200)"),
        (Reply(fault("R").content.replace(SOAP.encode(), b"urn:x"), 500, XML), "without a reason"),
    ],
)
def test_what_is_said_of_a_response(reply: Reply, said: str) -> None:
    """The server's reason, without the password."""
    if not said:
        assert read(reply) == (ASSERTION, False)
        return
    with pytest.raises(EntraError) as caught:
        read(reply)
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.response is not None
    assert (caught.value.error == "invalid_grant") == ("may be wrong" in str(caught.value) or "User name" in said)


@given(st.sampled_from([response(), fault().content.decode()]), st.lists(st.integers(0, 900), max_size=4), st.text())
def test_nothing_else_is_raised(text: str, cuts: list[int], more: str) -> None:
    """Whatever is cut off or put in."""
    pieces = [text[start:end] for start, end in pairwise([0, *sorted(cuts), len(text)])]
    for status in (200, 500):
        try:
            found = read(Reply(more.join(pieces).encode(errors="replace"), status, XML))
        except EntraError:
            continue
        assert status == 200
        assert found.text.startswith("<saml:Assertion")
