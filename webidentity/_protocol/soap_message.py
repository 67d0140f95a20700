"""SOAP messages to and from a federation server, checked before and after msal handles them.

SOAP 1.2 and WS-Security UsernameToken 1.0.
"""

from typing import TYPE_CHECKING, Any

from webidentity._protocol.redaction import scrub
from webidentity.errors import EntraError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Longest XML text that is parsed, in characters. A metadata document of AD FS has about 60,000.
_LONGEST = 1 << 20
#: Names that msal searches for with regular expressions. The time this takes is the number of matches times the length
#: of the text. A response of AD FS has each of them at most four times.
_SEARCHED_NAMES = ("RequestSecurityTokenResponse", "RequestedSecurityToken", "TokenType")
_MOST_MATCHES = 20
_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"


def parse_xml(text: str) -> "Element | None":
    """Return the root element, or None if the text is not XML, is too long, or has a document type.

    Entities can only be declared in a document type (XML 1.0 section 4.2), so this excludes entity expansion and
    external entities.
    """
    from xml.etree import ElementTree as ET

    if len(text) > _LONGEST or "<!DOCTYPE" in text:
        return None
    try:
        return ET.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except (ET.ParseError, ValueError):
        return None


def carries_password(envelope: str, username: str, password: str) -> bool:
    """Whether a server that parses the envelope reads this username and this password.

    XML has no control characters, and parsers replace carriage returns: the server would count a changed password as a
    wrong one.
    """
    root = parse_xml(envelope)
    token = None if root is None else root.find(f"{_SOAP}Header/{_SECURITY}Security/{_SECURITY}UsernameToken")
    if token is None:
        return False
    return (token.findtext(f"{_SECURITY}Username"), token.findtext(f"{_SECURITY}Password")) == (username, password)


def is_searchable(text: str) -> bool:
    """Whether msal can search the text for an assertion in a reasonable time."""
    return parse_xml(text) is not None and all(text.count(name) <= _MOST_MATCHES for name in _SEARCHED_NAMES)


def check_for_fault(response: Any, text: str, password: str) -> None:
    """Raise the error that the federation server reports.

    :param response: the HTTP response.
    :param text: its text.
    :param password: removed from the message, in case the server repeats it.
    :raises EntraError: the response has an error status or a SOAP fault.
    """
    root = parse_xml(text)
    fault = None if root is None else root.find(f"{_SOAP}Body/{_SOAP}Fault")
    if response.status_code < 400 and fault is None:
        return
    reason = None if fault is None else fault.findtext(f"{_SOAP}Reason/{_SOAP}Text")
    code = None if fault is None else fault.findtext(f"{_SOAP}Code/{_SOAP}Subcode/{_SOAP}Value")
    # With any prefix: WS-Security 1.1 section 12 and WS-Trust 1.3 section 11 put the code in two namespaces.
    is_password = (code or "").strip().rpartition(":")[2] == "FailedAuthentication"
    said = f": {scrub(reason, [password])}" if reason and reason.strip() else " without a reason"
    raise EntraError(
        "Authentication failed: the federation server of the user's organization refused the request "
        f"(HTTP {response.status_code}){said}{'' if said.endswith('.') else '.'}"
        f"{' User name or password may be wrong.' if is_password else ''}",
        response=response,
        error="invalid_grant" if is_password else None,
    )
