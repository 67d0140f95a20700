"""A SAML assertion for a username and a password (WS-Trust 1.3 and February 2005, WS-Security UsernameToken 1.0)."""

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_reply import read_text
from webidentity._protocol.xml_message import child_of, parse_xml
from webidentity.errors import EntraError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_LIFETIME = dt.timedelta(minutes=10)
#: Whether an assertion is one of SAML 2.0, by its name.
_ASSERTIONS = {
    "{urn:oasis:names:tc:SAML:1.0:assertion}Assertion": False,
    "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion": True,
}


class TrustVersion(NamedTuple):
    """A version of WS-Trust: its namespace, and its name for a token that needs no key."""

    namespace: str
    bearer: str

    @property
    def action(self) -> str:
        """The SOAP action of a request for a token."""
        return f"{self.namespace}/RST/Issue"


#: The newest first.
VERSIONS = (
    TrustVersion(
        "http://docs.oasis-open.org/ws-sx/ws-trust/200512", "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer"
    ),
    TrustVersion(
        "http://schemas.xmlsoap.org/ws/2005/02/trust", "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"
    ),
)


class SamlAssertion(NamedTuple):
    """An assertion, as the federation server wrote and signed it."""

    text: str
    is_saml_2: bool

    def __repr__(self) -> str:
        """No assertion."""
        return f"SamlAssertion(is_saml_2={self.is_saml_2})"


def build_trust_request(
    url: str, version: TrustVersion, username: str, password: str, audience: str, now: float
) -> HttpRequest:
    """Return the request for an assertion.

    :param audience: whom the assertion is for.
    :param now: Unix seconds.
    :raises ClientAuthenticationError: username or password has a character that XML cannot have.
    """
    created = dt.datetime.fromtimestamp(now, dt.UTC)
    times = tuple(f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (created, created + _LIFETIME))
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" xmlns:u="{_WSS}-wssecurity-utility-1.0.xsd">
<s:Header>
<a:Action s:mustUnderstand="1">{version.action}</a:Action>
<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>
<a:ReplyTo><a:Address>{_ADDRESSING}/anonymous</a:Address></a:ReplyTo>
<a:To s:mustUnderstand="1">{_escaped(url)}</a:To>
<o:Security s:mustUnderstand="1" xmlns:o="{_WSS}-wssecurity-secext-1.0.xsd">
<u:Timestamp u:Id="_0"><u:Created>{times[0]}</u:Created><u:Expires>{times[1]}</u:Expires></u:Timestamp>
<o:UsernameToken u:Id="_1"><o:Username>{_escaped(username)}</o:Username>\
<o:Password Type="{_WSS}-username-token-profile-1.0#PasswordText">{_escaped(password)}</o:Password></o:UsernameToken>
</o:Security>
</s:Header>
<s:Body>
<t:RequestSecurityToken xmlns:t="{version.namespace}">
<p:AppliesTo xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy">\
<a:EndpointReference><a:Address>{_escaped(audience)}</a:Address></a:EndpointReference></p:AppliesTo>
<t:KeyType>{version.bearer}</t:KeyType>
<t:RequestType>{version.namespace}/Issue</t:RequestType>
</t:RequestSecurityToken>
</s:Body>
</s:Envelope>"""
    headers = {"Content-Type": "application/soap+xml; charset=utf-8", "SOAPAction": version.action}
    return HttpRequest("POST", url, headers=headers, content=text.encode())


def read_trust_response(response: Any, version: TrustVersion, password: str) -> SamlAssertion:
    """Return the assertion.

    :param password: what must not come back in a message.
    :raises EntraError: the federation server refused, or what it sent is no response.
    """
    text = read_text(response)
    root = parse_xml(text)
    fault = None if root is None else root.find(f"{{{_SOAP}}}Body/{{{_SOAP}}}Fault")
    if response.status_code >= 400 or fault is not None:
        raise _refusal(response, fault, password)
    assertion = child_of(text, version.namespace, "RequestedSecurityToken")
    content = None if assertion is None else parse_xml(assertion)
    if assertion is None or content is None or content.tag not in _ASSERTIONS:
        raise EntraError(
            f"Authentication failed: the federation server sent no SAML assertion (HTTP {response.status_code})",
            response=response,
        )
    return SamlAssertion(assertion, _ASSERTIONS[content.tag])


def _refusal(response: Any, fault: "Element | None", password: str) -> EntraError:
    reason = None if fault is None else fault.findtext(f"{{{_SOAP}}}Reason/{{{_SOAP}}}Text")
    code = None if fault is None else fault.findtext(f"{{{_SOAP}}}Code/{{{_SOAP}}}Subcode/{{{_SOAP}}}Value")
    # WebServices Security 1.1 section 12 has it in one namespace, WS-Trust 1.3 section 11 in another.
    is_password = (code or "").strip().rpartition(":")[2] == "FailedAuthentication"
    said = f": {scrub(reason, [password])}" if reason and reason.strip() else " without a reason"
    return EntraError(
        f"Authentication failed: the federation server of the user's organization refused (HTTP {response.status_code})"
        f"{said}{'' if said.endswith('.') else '.'}{' User name or password may be wrong.' if is_password else ''}",
        response=response,
        error="invalid_grant" if is_password else None,
    )


def _escaped(text: str) -> str:
    """Return text for the content of an element (XML 1.0 sections 2.2 and 2.4)."""
    if re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text):
        # Without the character it would be another password, and a wrong one counts as a try.
        raise ClientAuthenticationError(
            message="Authentication failed: the username or the password has a control character, which cannot be sent "
            "to the federation server of the user's organization"
        )
    # A parser would make a line feed of the last one.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
