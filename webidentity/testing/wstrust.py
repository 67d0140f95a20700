"""WS-Trust messages: the request for a security token, the response and the fault (WS-Trust 1.3 and February 2005).

The shapes are those of AD FS: SOAP 1.2, WS-Addressing 1.0 and a WS-Security UsernameToken over TLS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from xml.etree.ElementTree import Element

from .saml_assertion import SAML_1_1, SAML_2_0, instant, parse_instant
from .xml_document import XmlError, read_xml

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"

_PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1"
_PLAIN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
_NS = {"s": SOAP, "a": ADDRESSING, "u": UTILITY, "o": SECURITY, "p": POLICY}
_SKEW = 300

#: The token types that may be asked for, and what each is; none means SAML 1.1, as at AD FS.
_TOKEN_TYPES: Mapping[str, str] = {
    "": SAML_1_1,
    SAML_1_1: SAML_1_1,
    SAML_2_0: SAML_2_0,
    f"{_PROFILE}#SAMLV1.1": SAML_1_1,
    f"{_PROFILE}#SAMLV2.0": SAML_2_0,
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of WS-Trust."""

    name: str
    namespace: str
    bearer: str

    @property
    def action(self) -> str:
        """The SOAP action of a request."""
        return f"{self.namespace}/RST/Issue"

    @property
    def request_type(self) -> str:
        """The type of a request for a new token."""
        return f"{self.namespace}/Issue"


WS_TRUST_13 = Version(
    "13",
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
)
WS_TRUST_2005 = Version(
    "2005", "http://schemas.xmlsoap.org/ws/2005/02/trust", "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"
)


class TrustError(Exception):
    """A refusal: the subcode in its namespace, and the reason."""

    def __init__(self, namespace: str, subcode: str, reason: str) -> None:
        super().__init__(reason)
        self.namespace = namespace
        self.subcode = subcode
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for a security token with a username and a password."""

    username: str
    password: str = field(repr=False)
    applies_to: str
    token_type: str
    asked_type: str
    message_id: str | None


def read_request(body: bytes, version: Version, *, url: str, now: float) -> TokenRequest:
    """Read and check what reached an endpoint of a version."""
    try:
        envelope = read_xml(body)
    except XmlError as error:
        raise TrustError(SOAP, "Malformed", str(error)) from None
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise TrustError(SOAP, "Malformed", "The message is not a SOAP 1.2 envelope.")
    if _text(envelope, "s:Header/a:Action") != version.action:
        raise TrustError(ADDRESSING, "ActionNotSupported", f"This endpoint takes the action {version.action}.")
    if (_text(envelope, "s:Header/a:To") or url) != url:
        raise TrustError(ADDRESSING, "DestinationUnreachable", f"The message is for another endpoint than {url}.")
    security = envelope.find("s:Header/o:Security", _NS)
    token = security.find("o:UsernameToken", _NS) if security is not None else None
    if security is None or token is None or not _is_current(security, now):
        raise TrustError(
            SECURITY,
            "InvalidSecurity",
            "An error occurred when verifying security for the message: it needs a UsernameToken, and a Timestamp "
            "that is valid now.",
        )
    password = token.find("o:Password", _NS)
    if password is None or password.get("Type", _PLAIN) != _PLAIN:
        raise TrustError(SECURITY, "InvalidSecurity", "The UsernameToken needs a password in plain text.")
    request = envelope.find(f"s:Body/{{{version.namespace}}}RequestSecurityToken", _NS)
    if request is None or _child(request, version, "RequestType") != version.request_type:
        raise TrustError(version.namespace, "InvalidRequest", "The message is not a request to issue a token.")
    asked_type = _child(request, version, "TokenType")
    if asked_type not in _TOKEN_TYPES or _child(request, version, "KeyType") not in ("", version.bearer):
        raise TrustError(version.namespace, "BadRequest", "Bearer tokens of SAML 1.1 and SAML 2.0 are issued alone.")
    token_type = _TOKEN_TYPES[asked_type]
    return TokenRequest(
        username=_text(token, "o:Username"),
        password=password.text or "",
        applies_to=_text(request, "p:AppliesTo/a:EndpointReference/a:Address"),
        token_type=token_type,
        asked_type=asked_type or token_type,
        message_id=_text(envelope, "s:Header/a:MessageID") or None,
    )


def write_response(
    version: Version, request: TokenRequest, assertion: str, *, issued_at: float, lifetime: int
) -> bytes:
    """The response that carries an assertion, as it is: what is signed must not be written anew."""
    response = (
        f'<t:RequestSecurityTokenResponse xmlns:t="{version.namespace}">'
        f'<t:Lifetime><u:Created xmlns:u="{UTILITY}">{instant(issued_at)}</u:Created>'
        f'<u:Expires xmlns:u="{UTILITY}">{instant(issued_at + lifetime)}</u:Expires></t:Lifetime>'
        f'<p:AppliesTo xmlns:p="{POLICY}"><a:EndpointReference>'
        f"<a:Address>{_escape(request.applies_to)}</a:Address></a:EndpointReference></p:AppliesTo>"
        f"<t:RequestedSecurityToken>{assertion}</t:RequestedSecurityToken>"
        f"<t:TokenType>{_escape(request.asked_type)}</t:TokenType>"
        f"<t:RequestType>{version.request_type}</t:RequestType>"
        f"<t:KeyType>{version.bearer}</t:KeyType></t:RequestSecurityTokenResponse>"
    )
    action = f"{version.namespace}/RSTR/Issue"
    if version is WS_TRUST_13:
        action = f"{version.namespace}/RSTRC/IssueFinal"
        collection = "RequestSecurityTokenResponseCollection"
        response = f'<t:{collection} xmlns:t="{version.namespace}">{response}</t:{collection}>'
    return _envelope(action, request.message_id, response)


def write_fault(fault: TrustError) -> bytes:
    """The SOAP fault of a refusal."""
    body = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
        f'<s:Value xmlns:f="{fault.namespace}">f:{fault.subcode}</s:Value></s:Subcode></s:Code>'
        f'<s:Reason><s:Text xml:lang="en-US">{_escape(fault.reason)}</s:Text></s:Reason></s:Fault>'
    )
    return _envelope(f"{ADDRESSING}/soap/fault", None, body)


def _envelope(action: str, relates_to: str | None, body: str) -> bytes:
    related = f"<a:RelatesTo>{_escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action>{related}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def _is_current(security: Element, now: float) -> bool:
    try:
        created = parse_instant(_text(security, "u:Timestamp/u:Created"))
        expires = parse_instant(_text(security, "u:Timestamp/u:Expires"))
    except (ValueError, OverflowError):
        return False
    return created - _SKEW <= now < expires + _SKEW


def _child(request: Element, version: Version, name: str) -> str:
    return _text(request, f"{{{version.namespace}}}{name}")


def _text(element: Element, path: str) -> str:
    found = element.find(path, _NS)
    return (found.text or "").strip() if found is not None else ""


def _escape(text: str) -> str:
    return escape(text, quote=False)
