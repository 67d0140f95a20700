"""A user's realm, federation server and token endpoint, canned: each test says what they answer."""

import base64
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.signing_in import signed_in
from webidentity._protocol.ws_trust import VERSIONS, TrustVersion

WS_TRUST_13, WS_TRUST_2005 = VERSIONS
MEX, ENDPOINT = "https://fed.test/mex", "https://fed.test/13"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
SAML_1, SAML_2 = "urn:oasis:names:tc:SAML:1.0:assertion", "urn:oasis:names:tc:SAML:2.0:assertion"
ASSERTION = f'<saml:Assertion xmlns:saml="{SAML_1}">canary-assertion</saml:Assertion>'
XML = {"Content-Type": "application/soap+xml; charset=utf-8"}
_POLICIES = {
    WS_TRUST_13: "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702",
    WS_TRUST_2005: "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
}


class Federated:
    """The three of them, and what they were sent."""

    def __init__(
        self, realm: Any = None, mex: Any = None, trust: Any = None, token: Any = None, latency: float = 0.0
    ) -> None:
        self.realm = realm or federated()
        self.mex = mex or Reply(metadata((WS_TRUST_13, ENDPOINT)))
        self.trust = trust or issued()
        self.token = token or signed_in()
        self.network = Canned(answer=self._answer, latency=latency)

    @property
    def urls(self) -> list[str]:
        """Where requests went."""
        return [sent.url for sent in self.network.sent]

    @property
    def assertion(self) -> str:
        """The assertion that the token endpoint was sent."""
        encoded = self.network.forms[-1]["assertion"]
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()

    def _answer(self, sent: Sent) -> Reply | Exception:
        if "/userrealm/" in sent.url:
            reply = self.realm
        elif sent.url.endswith("/oauth2/v2.0/token"):
            reply = self.token
        else:
            reply = self.mex if sent.method == "GET" else self.trust
        return reply(sent) if callable(reply) else reply  # type: ignore[no-any-return]


def managed() -> Reply:
    """Return the realm of a user whose password Entra knows."""
    return Reply({"account_type": "Managed"})


def federated(metadata_url: str = MEX, protocol: str = "WSTrust", **more: Any) -> Reply:
    """Return the realm of a federated user."""
    members = {"account_type": "Federated", "federation_protocol": protocol, "federation_metadata_url": metadata_url}
    return Reply({**members, **more})


def policy(name: str, version: TrustVersion = WS_TRUST_13, *, transport: bool = True, token: bool = True) -> str:
    """Return a policy: a username and a password over TLS, or only one of both."""
    over_tls = "<sp:TransportBinding/>" if transport else ""
    inner = "<sp:UsernameToken><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>"
    kind = "SignedEncryptedSupportingTokens" if version is WS_TRUST_13 else "SignedSupportingTokens"
    supporting = f"<sp:{kind}><wsp:Policy>{inner}</wsp:Policy></sp:{kind}>"
    return (
        f'<wsp:Policy wsu:Id="{name}" xmlns:sp="{_POLICIES[version]}"><wsp:ExactlyOne><wsp:All>'
        f"{over_tls}{supporting if token else ''}</wsp:All></wsp:ExactlyOne></wsp:Policy>"
    )


def binding(name: str, version: TrustVersion, uri: str) -> str:
    """Return a binding of a version to a policy."""
    return (
        f'<wsdl:binding name="{name}"><wsp:PolicyReference URI="{uri}"/>'
        '<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/><wsdl:operation>'
        f'<soap12:operation soapAction="{version.action}"/></wsdl:operation></wsdl:binding>'
    )


def port(name: str, url: str) -> str:
    """Return where a binding is."""
    address = f"<wsa:EndpointReference><wsa:Address>{escape(url)}</wsa:Address></wsa:EndpointReference>"
    return f'<wsdl:service><wsdl:port binding="tns:{name}">{address}</wsdl:port></wsdl:service>'


def definitions(*content: str) -> str:
    """Return a metadata document."""
    return (
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:x"'
        ' xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        f' xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:wsu="{WSS}-wssecurity-utility-1.0.xsd">'
        f"{''.join(content)}</wsdl:definitions>"
    )


def metadata(*endpoints: tuple[TrustVersion, str]) -> str:
    """Return a metadata document with these endpoints for usernames and passwords."""
    parts = [
        policy(f"p{at}", version) + binding(f"b{at}", version, f"#p{at}") + port(f"b{at}", url)
        for at, (version, url) in enumerate(endpoints)
    ]
    return definitions(*parts)


def issued(assertion: str = ASSERTION, version: TrustVersion = WS_TRUST_13, attributes: str = "") -> Reply:
    """Return the response that has an assertion."""
    return Reply(response(assertion, version, attributes), 200, XML)


def response(assertion: str = ASSERTION, version: TrustVersion = WS_TRUST_13, attributes: str = "") -> str:
    """Return the envelope that has an assertion."""
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<t:RequestSecurityTokenResponse xmlns:t="{version.namespace}"><t:RequestedSecurityToken{attributes}>'
        f"{assertion}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse></s:Body></s:Envelope>"
    )


def fault(reason: str = "ID3242: no.", code: str = "a:FailedAuthentication", status: int = 500) -> Reply:
    """Return a SOAP fault; the reason is XML."""
    return Reply(
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>'
        f"<s:Value>{code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>{reason}</s:Text></s:Reason></s:Fault>"
        "</s:Body></s:Envelope>",
        status,
        XML,
    )


def envelope_of(text: str) -> dict[str, str]:
    """Return what a request for an assertion says, by the local names of its elements."""
    return {each.tag.rpartition("}")[2]: each.text or "" for each in ET.fromstring(text).iter()}
