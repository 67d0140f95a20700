"""Where a federation server takes usernames and passwords (WS-MetadataExchange 1.1, WSDL 1.1, WS-SecurityPolicy)."""

from typing import TYPE_CHECKING, NamedTuple

from azure.core.exceptions import ClientAuthenticationError

from webidentity._protocol.user_realm import may_have_password
from webidentity._protocol.ws_trust import VERSIONS, TrustVersion
from webidentity._protocol.xml_message import parse_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap12/}"
_POLICY = "{http://schemas.xmlsoap.org/ws/2004/09/policy}"
#: An alternative of a policy (WS-Policy 1.2 section 4.1, normal form).
_ALTERNATIVE = f"{_POLICY}ExactlyOne/{_POLICY}All"
_ADDRESSING = "{http://www.w3.org/2005/08/addressing}"
_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
#: WS-SecurityPolicy 1.2, and its draft of July 2005.
_SECURITY_POLICIES = (
    "{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}",
    "{http://schemas.xmlsoap.org/ws/2005/07/securitypolicy}",
)


class TrustEndpoint(NamedTuple):
    """An endpoint that takes a username and a password over TLS."""

    url: str
    version: TrustVersion


def find_endpoint(text: str) -> TrustEndpoint | None:
    """Return the endpoint of the newest version in the metadata document; None if there is none to be trusted.

    Every path is one from parent to child: a document must not cost more time than it has characters.
    """
    root = parse_xml(text)
    if root is None:
        return None
    policies = {f"#{policy.get(_ID)}" for policy in root.findall(f"{_POLICY}Policy") if _takes_password(policy)}
    bindings = {
        binding.get("name", ""): version
        for binding in root.findall(f"{_WSDL}binding")
        if (version := _version_of(binding)) is not None and not policies.isdisjoint(_policies_of(binding))
    }
    found: dict[TrustVersion, str] = {}
    for port in root.findall(f"{_WSDL}service/{_WSDL}port"):
        version = bindings.get(port.get("binding", "").rpartition(":")[2])
        url = _address_of(port)
        if version is not None and may_have_password(url):
            found.setdefault(version, url)
    return next((TrustEndpoint(found[version], version) for version in VERSIONS if version in found), None)


def endpoint_at(url: str) -> TrustEndpoint:
    """Return the endpoint at an address of AD FS, of a server that publishes no metadata.

    :raises ClientAuthenticationError: nothing says which version of WS-Trust it speaks.
    """
    for version, path in zip(VERSIONS, ("/trust/13/usernamemixed", "/trust/2005/usernamemixed"), strict=True):
        if path in url.lower():
            return TrustEndpoint(url, version)
    raise ClientAuthenticationError(
        message="Authentication failed: the federation server of the user's organization publishes no metadata. Use "
        "InteractiveBrowserCredential or DeviceCodeCredential."
    )


def _takes_password(policy: "Element") -> bool:
    """Whether a UsernameToken over TLS is one of the policy's alternatives."""
    return any(
        alternative.find(f"{namespace}TransportBinding") is not None
        and alternative.find(
            f"*/{_POLICY}Policy/{namespace}UsernameToken/{_POLICY}Policy/{namespace}WssUsernameToken10"
        )
        is not None
        for alternative in policy.findall(_ALTERNATIVE)
        for namespace in _SECURITY_POLICIES
    )


def _policies_of(binding: "Element") -> list[str]:
    return [reference.get("URI", "") for reference in binding.findall(f"{_POLICY}PolicyReference")]


def _version_of(binding: "Element") -> TrustVersion | None:
    actions = {each.get("soapAction") for each in binding.findall(f"{_WSDL}operation/{_SOAP}operation")}
    return next((version for version in VERSIONS if version.action in actions), None)


def _address_of(port: "Element") -> str:
    address = port.find(f"{_SOAP}address")
    if address is not None and address.get("location"):
        return address.get("location", "").strip()
    return (port.findtext(f"{_ADDRESSING}EndpointReference/{_ADDRESSING}Address") or "").strip()
