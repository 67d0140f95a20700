"""The federation server's metadata (WS-MetadataExchange): a WSDL with a policy for each endpoint, as AD FS writes it.

Endpoints for Windows accounts are in it too, as at AD FS, though nothing answers there: a client has to pick the ones
whose policy asks for a username and a password (WS-SecurityPolicy 1.1 and 1.2).
"""

from __future__ import annotations

from html import escape

from .wstrust import ADDRESSING, POLICY, UTILITY, WS_TRUST_13, WS_TRUST_2005, Version

_SP_12 = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"
_SP_11 = "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy"
_TARGET = "http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice"


def write_mex(trust_url: str) -> bytes:
    """The document, with endpoints below a URL."""
    both = ((WS_TRUST_2005, _SP_11), (WS_TRUST_13, _SP_12))
    policies = "".join(_windows_policy(version) + _username_policy(version, sp) for version, sp in both)
    bindings = "".join(_binding(kind, version) for version, _ in both for kind in ("Windows", "UserName"))
    ports = "".join(
        _port(kind, version, f"{trust_url}/{version.name}/{path}")
        for version, _ in both
        for kind, path in (("Windows", "windowstransport"), ("UserName", "usernamemixed"))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<wsdl:definitions name="SecurityTokenService" targetNamespace="{_TARGET}" xmlns:tns="{_TARGET}"'
        ' xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"'
        f' xmlns:wsp="{POLICY}" xmlns:wsu="{UTILITY}" xmlns:wsa10="{ADDRESSING}">'
        f'{policies}{bindings}<wsdl:service name="SecurityTokenService">{ports}</wsdl:service></wsdl:definitions>'
    ).encode()


def _name(kind: str, version: Version) -> str:
    contract = "IWSTrust13Async" if version is WS_TRUST_13 else "IWSTrustFeb2005Async"
    return f"{kind}WSTrustBinding_{contract}"


def _policy(kind: str, version: Version, content: str) -> str:
    return (
        f'<wsp:Policy wsu:Id="{_name(kind, version)}_policy"><wsp:ExactlyOne><wsp:All>{content}'
        "</wsp:All></wsp:ExactlyOne></wsp:Policy>"
    )


def _windows_policy(version: Version) -> str:
    negotiate = '<http:NegotiateAuthentication xmlns:http="http://schemas.microsoft.com/ws/06/2004/policy/http"/>'
    return _policy("Windows", version, negotiate + _transport(_SP_11))


def _username_policy(version: Version, sp: str) -> str:
    # WS-SecurityPolicy 1.2 has a name for tokens that are encrypted too; 1.1 has not.
    supporting = "SignedEncryptedSupportingTokens" if sp == _SP_12 else "SignedSupportingTokens"
    always = f"{sp}/IncludeToken/AlwaysToRecipient"
    token = (
        f'<sp:{supporting} xmlns:sp="{sp}"><wsp:Policy><sp:UsernameToken sp:IncludeToken="{always}">'
        f"<wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken></wsp:Policy></sp:{supporting}>"
    )
    return _policy("UserName", version, _transport(sp) + token)


def _transport(sp: str) -> str:
    return (
        f'<sp:TransportBinding xmlns:sp="{sp}"><wsp:Policy>'
        '<sp:TransportToken><wsp:Policy><sp:HttpsToken RequireClientCertificate="false"/></wsp:Policy>'
        "</sp:TransportToken><sp:IncludeTimestamp/></wsp:Policy></sp:TransportBinding>"
    )


def _binding(kind: str, version: Version) -> str:
    name = _name(kind, version)
    contract, operation = name.partition("_")[2], "Trust13IssueAsync"
    if version is WS_TRUST_2005:
        operation = "TrustFeb2005IssueAsync"
    return (
        f'<wsdl:binding name="{name}" type="tns:{contract}"><wsp:PolicyReference URI="#{name}_policy"/>'
        '<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'<wsdl:operation name="{operation}"><soap12:operation soapAction="{version.action}" style="document"/>'
        '<wsdl:input><soap12:body use="literal"/></wsdl:input>'
        '<wsdl:output><soap12:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>'
    )


def _port(kind: str, version: Version, address: str) -> str:
    name = _name(kind, version)
    where = escape(address)
    return (
        f'<wsdl:port name="{name}" binding="tns:{name}"><soap12:address location="{where}"/>'
        f"<wsa10:EndpointReference><wsa10:Address>{where}</wsa10:Address></wsa10:EndpointReference></wsdl:port>"
    )
