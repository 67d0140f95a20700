"""The assertions of the federation server (SAML 1.1 and 2.0), and the only ones that the tenant accepts.

An assertion is written as its own canonical form and signed with XML Signature's HMAC-SHA256, with a key that the
federation server and the tenant share. Verification signs what was received again and compares the texts, so an
assertion that was changed in any way, or moved to other XML, is none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from xml.etree.ElementTree import Element

from webidentity.testing.directory._model import User
from webidentity.testing.directory._state import TenantState

from ._errors import TenantError
from .xml_document import XmlError, read_xml

SAML_1_1 = "urn:oasis:names:tc:SAML:1.0:assertion"
SAML_2_0 = "urn:oasis:names:tc:SAML:2.0:assertion"

#: Entra, as federation servers know it.
CLOUD_AUDIENCE = "urn:federation:MicrosoftOnline"

#: AD FS's own lifetime of a token, in seconds.
LIFETIME = 3600

_SKEW = 300
_PASSWORD = "urn:oasis:names:tc:SAML:1.0:am:password"
_PASSWORD_2 = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified assertion says: that this user signed in at the federation server."""

    user: User
    issued_at: int


def issue_assertion(state: TenantState, user: User, token_type: str) -> str:
    """A signed assertion about a user, for this tenant and nobody else, valid for :data:`LIFETIME` seconds."""
    now = state.now()
    assertion_id = f"_{secrets.token_hex(16)}"
    write = _saml_1_1 if token_type == SAML_1_1 else _saml_2_0
    text = write(
        assertion_id=assertion_id,
        issuer=escape(issuer(state)),
        issued=instant(now),
        ends=instant(now + LIFETIME),
        subject=escape(user.object_id, quote=False),
        upn=escape(user.username, quote=False),
    )
    state.token_epochs.put(assertion_id, state.directory.epoch(user))
    return _signed(state, text, assertion_id)


def verify_assertion(state: TenantState, text: str, token_type: str) -> Assertion:
    """What an assertion says, or the refusal of one that this tenant's federation server did not issue for it."""
    text = text.strip()
    root = _read(text)
    if root.tag != f"{{{token_type}}}Assertion":
        raise TenantError(50008, "SAML assertion is not of the type that the grant is for.")
    ns = {"saml": token_type}
    id_name = "AssertionID" if token_type == SAML_1_1 else "ID"
    assertion_id = root.get(id_name, "")
    unsigned = _without_signature(text)
    if not hmac.compare_digest(_signed(state, unsigned, assertion_id).encode(), text.encode()):
        raise TenantError(50013, "Assertion failed signature validation. Reason - The provided signature is wrong.")
    if _text(root, ".//saml:Audience", ns) != CLOUD_AUDIENCE:
        raise TenantError(500131, f"Assertion audience does not match. The expected audience is '{CLOUD_AUDIENCE}'.")
    conditions = root.find("saml:Conditions", ns)
    begins, ends = (_seconds(conditions, name) for name in ("NotBefore", "NotOnOrAfter"))
    if not begins - _SKEW <= state.now() < ends:
        raise TenantError(500133, "Assertion is not within its valid time range. Sign in again.")
    name_path = ".//saml:NameIdentifier" if token_type == SAML_1_1 else ".//saml:NameID"
    user = state.directory.users.get(_text(root, name_path, ns))
    if user is None:
        raise TenantError(50034, "The user account of the assertion does not exist in the directory.")
    if state.is_revoked(user, assertion_id, begins):
        raise TenantError(50173, "The provided grant has expired due to it being revoked. Sign in again.")
    return Assertion(user, begins)


def issuer(state: TenantState) -> str:
    """The federation server's name for itself."""
    return f"{state.base_url}/adfs/services/trust"


def instant(seconds: float) -> str:
    """A time as SAML and WS-Security write it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> int:
    """The seconds since the epoch of a time in UTC; raises ``ValueError`` for any other text."""
    parsed = datetime.fromisoformat(text.strip())
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def _read(text: str) -> Element:
    try:
        return read_xml(text.encode())
    except (XmlError, UnicodeEncodeError):
        raise TenantError(50008, "SAML assertion is missing or misconfigured in the token.") from None


def _text(root: Element, path: str, ns: dict[str, str]) -> str:
    found = root.find(path, ns)
    return (found.text or "") if found is not None else ""


def _seconds(conditions: Element | None, name: str) -> int:
    value = conditions.get(name, "") if conditions is not None else ""
    return parse_instant(value)


def _without_signature(text: str) -> str:
    before, _, rest = text.partition("<ds:Signature ")
    return before + rest.partition("</ds:Signature>")[2]


def _signed(state: TenantState, unsigned: str, assertion_id: str) -> str:
    """The assertion with its signature as the last child, where SAML 1.1 has it.

    SAML 2.0 has it after the issuer. The text before and after it is what the digest is of (the enveloped signature
    transform of XML Signature, section 6.6.4).
    """
    digest = base64.b64encode(hashlib.sha256(unsigned.encode()).digest()).decode()
    info = (
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"></ds:SignatureMethod>'
        f'<ds:Reference URI="#{escape(assertion_id)}"><ds:Transforms>'
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>'
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )
    # As the apex of what is signed, SignedInfo carries the namespace that it inherits in the document.
    canonical = f'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}</ds:SignedInfo>'
    value = base64.b64encode(hmac.new(_key(state), canonical.encode(), hashlib.sha256).digest()).decode()
    signature = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f"<ds:SignedInfo>{info}</ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    )
    head, mark, tail = unsigned.partition("</saml:Issuer>")
    if mark:
        return f"{head}{mark}{signature}{tail}"
    head, mark, tail = unsigned.rpartition("</saml:Assertion>")
    return f"{head}{signature}{mark}{tail}"


def _key(state: TenantState) -> bytes:
    return hmac.new(state.form_key, f"federation server of {state.tenant_id}".encode(), hashlib.sha256).digest()


def _saml_1_1(*, assertion_id: str, issuer: str, issued: str, ends: str, subject: str, upn: str) -> str:
    who = (
        f'<saml:Subject><saml:NameIdentifier Format="{_UNSPECIFIED}">{subject}</saml:NameIdentifier>'
        "<saml:SubjectConfirmation>"
        "<saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml:ConfirmationMethod>"
        "</saml:SubjectConfirmation></saml:Subject>"
    )
    return (
        f'<saml:Assertion xmlns:saml="{SAML_1_1}" AssertionID="{assertion_id}" IssueInstant="{issued}"'
        f' Issuer="{issuer}" MajorVersion="1" MinorVersion="1">'
        f'<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{ends}"><saml:AudienceRestrictionCondition>'
        f"<saml:Audience>{CLOUD_AUDIENCE}</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>"
        f"<saml:AttributeStatement>{who}"
        '<saml:Attribute AttributeName="UPN" AttributeNamespace="http://schemas.xmlsoap.org/claims">'
        f"<saml:AttributeValue>{upn}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
        f'<saml:AuthenticationStatement AuthenticationInstant="{issued}" AuthenticationMethod="{_PASSWORD}">{who}'
        "</saml:AuthenticationStatement></saml:Assertion>"
    )


def _saml_2_0(*, assertion_id: str, issuer: str, issued: str, ends: str, subject: str, upn: str) -> str:
    return (
        f'<saml:Assertion xmlns:saml="{SAML_2_0}" ID="{assertion_id}" IssueInstant="{issued}" Version="2.0">'
        f"<saml:Issuer>{issuer}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{_UNSPECIFIED}">{subject}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{ends}"></saml:SubjectConfirmationData>'
        "</saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{issued}" NotOnOrAfter="{ends}"><saml:AudienceRestriction>'
        f"<saml:Audience>{CLOUD_AUDIENCE}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        '<saml:AttributeStatement><saml:Attribute Name="http://schemas.xmlsoap.org/claims/UPN">'
        f"<saml:AttributeValue>{upn}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
        f'<saml:AuthnStatement AuthnInstant="{issued}"><saml:AuthnContext>'
        f"<saml:AuthnContextClassRef>{_PASSWORD_2}</saml:AuthnContextClassRef></saml:AuthnContext>"
        "</saml:AuthnStatement></saml:Assertion>"
    )
