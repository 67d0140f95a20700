"""A user's realm, federation server and token endpoint with canned replies, in-process or over TLS on loopback."""

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.certificates import server_certificate
from tests.kit.signing_in import signed_in

MEX, ENDPOINT = "https://fed.test/mex", "https://fed.test/13"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
SAML_1, SAML_2 = "urn:oasis:names:tc:SAML:1.0:assertion", "urn:oasis:names:tc:SAML:2.0:assertion"
ASSERTION = f'<saml:Assertion xmlns:saml="{SAML_1}">canary-assertion</saml:Assertion>'
XML = {"Content-Type": "application/soap+xml; charset=utf-8"}


class TrustVersion(NamedTuple):
    """A version of WS-Trust."""

    namespace: str
    policy: str
    supporting_tokens: str

    @property
    def action(self) -> str:
        """The SOAP action of a request for a token."""
        return f"{self.namespace}/RST/Issue"


WS_TRUST_13 = TrustVersion(
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702",
    "SignedEncryptedSupportingTokens",
)
WS_TRUST_2005 = TrustVersion(
    "http://schemas.xmlsoap.org/ws/2005/02/trust",
    "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
    "SignedSupportingTokens",
)


class Federated:
    """The replies of the three servers, and the requests they received. A reply may be a function of the request."""

    def __init__(
        self, realm: Any = None, mex: Any = None, trust: Any = None, token: Any = None, latency: float = 0.0
    ) -> None:
        self.realm = realm or federated()
        self.mex = mex or Reply(metadata((WS_TRUST_13, ENDPOINT)))
        self.trust = trust or issued()
        self.token = token or signed_in()
        self.network = Canned(answer=self.answer, latency=latency)

    @property
    def urls(self) -> list[str]:
        """The addresses of the requests, in order."""
        return [sent.url for sent in self.network.sent]

    @property
    def assertion(self) -> str:
        """The assertion in the last token request."""
        encoded = self.network.forms[-1]["assertion"]
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()

    def answer(self, sent: Sent) -> Reply | Exception:
        """Return the reply to a request."""
        if "/userrealm/" in sent.url:
            reply = self.realm
        elif sent.url.endswith("/oauth2/v2.0/token"):
            reply = self.token
        else:
            reply = self.mex if sent.method == "GET" else self.trust
        return reply(sent) if callable(reply) else reply


@contextmanager
def serve_federated(at: Federated, folder: Path) -> Iterator[tuple[str, str]]:
    """Answer over TLS on loopback; yield the base address and the path of the certificate to trust."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            url = f"{base}{self.path}"
            sent = Sent(self.command, url, dict(self.headers), dict(parse_qsl(body, keep_blank_values=True)), body)
            at.network.sent.append(sent)
            reply = at.answer(sent)
            assert isinstance(reply, Reply)
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Print nothing."""

    pem = folder / "federation.pem"
    pem.write_bytes(server_certificate("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    base = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield base, str(pem)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def managed() -> Reply:
    """Return the realm of a user whose password Entra ID checks."""
    return Reply({"account_type": "Managed"})


def federated(metadata_url: str = MEX, protocol: str = "WSTrust", **more: Any) -> Reply:
    """Return the realm of a federated user."""
    members = {"account_type": "Federated", "federation_protocol": protocol, "federation_metadata_url": metadata_url}
    return Reply({**members, **more})


def metadata(*endpoints: tuple[TrustVersion, str], transport: bool = True, token: bool = True) -> str:
    """Return a metadata document with these endpoints.

    :param transport: whether the policies require TLS.
    :param token: whether the policies accept a username and a password.
    """
    parts: list[str] = []
    for at, (version, url) in enumerate(endpoints):
        over_tls = "<sp:TransportBinding/>" if transport else ""
        inner = "<sp:UsernameToken><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>"
        kind = version.supporting_tokens
        supporting = f"<sp:{kind}><wsp:Policy>{inner}</wsp:Policy></sp:{kind}>" if token else ""
        parts.append(
            f'<wsp:Policy wsu:Id="p{at}" xmlns:sp="{version.policy}"><wsp:ExactlyOne><wsp:All>'
            f"{over_tls}{supporting}</wsp:All></wsp:ExactlyOne></wsp:Policy>"
            f'<wsdl:binding name="b{at}"><wsp:PolicyReference URI="#p{at}"/>'
            '<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/><wsdl:operation>'
            f'<soap12:operation soapAction="{version.action}"/></wsdl:operation></wsdl:binding>'
            f'<wsdl:service><wsdl:port binding="tns:b{at}"><wsa:EndpointReference><wsa:Address>{escape(url)}'
            "</wsa:Address></wsa:EndpointReference></wsdl:port></wsdl:service>"
        )
    return (
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:x"'
        ' xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        f' xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:wsu="{WSS}-wssecurity-utility-1.0.xsd">'
        f"{''.join(parts)}</wsdl:definitions>"
    )


def issued(assertion: str = ASSERTION, version: TrustVersion = WS_TRUST_13, token_type: str | None = SAML_1) -> Reply:
    """Return the reply that contains an assertion."""
    kind = "" if token_type is None else f"<t:TokenType>{token_type}</t:TokenType>"
    return Reply(
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<t:RequestSecurityTokenResponse xmlns:t="{version.namespace}">{kind}<t:RequestedSecurityToken>'
        f"{assertion}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse></s:Body></s:Envelope>",
        200,
        XML,
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
    """Return the texts in a request for an assertion, by the local names of their elements."""
    return {each.tag.rpartition("}")[2]: each.text or "" for each in ET.fromstring(text).iter()}
