"""Where a federation server takes passwords: what its metadata has to say for that."""

import time
from itertools import pairwise

import pytest
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.federation import (
    ENDPOINT,
    WS_TRUST_13,
    WS_TRUST_2005,
    binding,
    definitions,
    metadata,
    policy,
    port,
)
from webidentity._protocol.metadata_exchange import TrustEndpoint, endpoint_at, find_endpoint
from webidentity._protocol.xml_message import parse_xml
from webidentity.testing import LocalTenant, TenantRequest

P, B, Q = policy("p"), binding("b", WS_TRUST_13, "#p"), port("b", ENDPOINT)
FOUND = TrustEndpoint(ENDPOINT, WS_TRUST_13)
WHOLE = definitions(P, B, Q)


def test_the_federation_servers_of_the_tests_are_found() -> None:
    """That of the local tenant, which is in the shape of AD FS, and the canned one."""
    tenant = LocalTenant()
    url = f"{tenant.base_url}/adfs/services/trust"
    text = tenant.handle(TenantRequest("GET", f"{url}/mex", {}, b"")).body.decode()
    assert find_endpoint(text) == (f"{url}/13/usernamemixed", WS_TRUST_13)
    assert find_endpoint(WHOLE) == FOUND


@pytest.mark.parametrize(
    "text",
    [
        definitions(Q, B, P),
        definitions(P, P, B, B, Q, Q),
        definitions(policy("o", token=False), P, binding("a", WS_TRUST_13, "#o"), B, port("a", "https://x/"), Q),
        definitions(P, B, port("b", "http://fed.test/13"), Q),
        definitions(P, B, port("b", ""), Q),
        definitions(P, B, Q, port("b", "https://fed.test/second")),
        definitions("<!-- x -->", P, "<wsdl:binding/>", B, "<wsdl:service><wsdl:port/></wsdl:service>", Q),
        WHOLE.replace("<wsa:Address>", "<wsa:Address>\n ").replace("</wsa:Address>", "\n</wsa:Address>"),
        WHOLE.replace("<wsa:EndpointReference>", f'<soap12:address location="{ENDPOINT}"/><wsa:EndpointReference>'),
        WHOLE.replace("SignedEncryptedSupportingTokens", "SignedSupportingTokens"),
        WHOLE.replace("tns:b", "b"),
        WHOLE.replace("soap12:", "s:").replace("xmlns:soap12", "xmlns:s"),
    ],
)
def test_order_duplicates_and_decoration_do_not_matter(text: str) -> None:
    """The first endpoint that may be used is the one."""
    assert find_endpoint(text) == FOUND


@pytest.mark.parametrize("versions", [(WS_TRUST_13, WS_TRUST_2005), (WS_TRUST_2005, WS_TRUST_13)])
def test_the_newer_version_is_preferred(versions: tuple[object, ...]) -> None:
    """In either order; the older one will do."""
    urls = {WS_TRUST_13: "https://fed.test/13", WS_TRUST_2005: "https://fed.test/2005"}
    endpoints = [(version, urls[version]) for version in versions]  # type: ignore[index]
    assert find_endpoint(metadata(*endpoints)) == ("https://fed.test/13", WS_TRUST_13)  # type: ignore[arg-type]
    older = metadata((WS_TRUST_2005, urls[WS_TRUST_2005]))
    assert find_endpoint(older) == (urls[WS_TRUST_2005], WS_TRUST_2005)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://schemas.xmlsoap.org/wsdl/soap12/", "http://schemas.xmlsoap.org/wsdl/soap/"),
        ("http://schemas.xmlsoap.org/ws/2004/09/policy", "http://www.w3.org/ns/ws-policy"),
        ("ws-securitypolicy/200702", "ws-securitypolicy/200512"),
        ("http://schemas.xmlsoap.org/wsdl/", "urn:other"),
        ("200512/RST/Issue", "200512/RST/Renew"),
        ("WssUsernameToken10", "WssUsernameToken11"),
        ("UsernameToken>", "X509Token>"),
        ("<sp:TransportBinding/>", "<sp:AsymmetricBinding/>"),
        ("<sp:TransportBinding/>", "</wsp:All><wsp:All><sp:TransportBinding/></wsp:All><wsp:All>"),
        ('URI="#p"', 'URI="p"'),
        ('URI="#p"', ""),
        ('wsu:Id="p"', ""),
        ('wsu:Id="p"', 'Id="p"'),
        ('name="b"', ""),
        ("https://fed.test", "http://fed.test"),
        ("https://fed.test", "https://u@fed.test"),
        ("https://fed.test", "https://u:p@fed.test"),
        ("https://fed.test/13", "https:///13"),
        ("https://fed.test", "https://fed.test:99999"),
        ("https://fed.test", "https://fed.test:x"),
        ("https://fed.test", "https://[fed"),
        ("https://fed.test", "https://good.test\\@fed.test"),
        ("https://fed.test", "javascript:fed.test"),
        ("https://fed.test/13", "/13"),
        ("https://fed.test/13", "https://fed.test/1 3"),
        ("https://fed.test/13", "https://fed.test/1&#10;3"),
        ("https://fed.test/13", "https://fed.test/1&#x202e;3"),
        ("https://fed.test/13", "http://localhost.fed.test/13"),
        ("<wsdl:definitions ", "<!DOCTYPE x><wsdl:definitions "),
        ("</wsdl:definitions>", ""),
    ],
)
def test_each_part_has_to_be_right(old: str, new: str) -> None:
    """Or there is no endpoint, and no password is sent."""
    assert old in WHOLE
    assert find_endpoint(WHOLE.replace(old, new)) is None


@pytest.mark.parametrize(
    "unit",
    [
        "<wsp:Policy>{}</wsp:Policy>",
        "<wsp:Policy/>{}",
        "<sp:UsernameToken xmlns:sp='http://schemas.xmlsoap.org/ws/2005/07/securitypolicy'>{}</sp:UsernameToken>",
        "<wsdl:binding>{}</wsdl:binding>",
        "<wsdl:service><wsdl:port/></wsdl:service>{}",
        f"{B}{{}}",
        f"{P}{{}}",
        f"{port('b', 'http://x')}{{}}",
    ],
)
def test_long_and_deep_documents_take_no_time(unit: str) -> None:
    """As long and almost as deep as they may be."""
    head, tail = unit.split("{}")
    block = head * 20 + tail * 20
    text = definitions(block * (1_000_000 // len(block)))
    assert parse_xml(text) is not None
    began = time.perf_counter()
    assert find_endpoint(text) is None
    assert time.perf_counter() - began < 10


PARTS = [P, B, Q, policy("q", WS_TRUST_2005), binding("c", WS_TRUST_2005, "#q"), port("c", "https://fed.test/2005")]


@given(st.lists(st.sampled_from(PARTS), max_size=12))
def test_what_is_found_is_complete(parts: list[str]) -> None:
    """Whatever else is there or is not."""
    complete = [set(PARTS[at : at + 3]) <= set(parts) for at in (0, 3)]
    urls = [ENDPOINT, "https://fed.test/2005"]
    found = find_endpoint(definitions(*parts))
    assert (found and found.url) == next((url for url, whole in zip(urls, complete, strict=True) if whole), None)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=4), st.text(max_size=20))
def test_nothing_is_raised(cuts: list[int], text: str) -> None:
    """And no endpoint is one that may not have a password."""
    pieces = [WHOLE[start:end] for start, end in pairwise([0, *sorted(cuts), len(WHOLE)])]
    for whole in (text.join(pieces), text, definitions(P, B, port("b", "https://" + text))):
        found = find_endpoint(whole)
        assert found is None or found.url.startswith("https://")


@pytest.mark.parametrize(
    ("url", "version"),
    [
        ("https://fed.test/adfs/services/trust/13/usernamemixed", WS_TRUST_13),
        ("https://fed.test/adfs/services/trust/2005/UserNameMixed", WS_TRUST_2005),
    ],
)
def test_addresses_of_ad_fs_have_their_version(url: str, version: object) -> None:
    """In upper and lower case."""
    assert endpoint_at(url) == (url, version)


def test_other_addresses_have_none() -> None:
    """And nobody guesses."""
    with pytest.raises(ClientAuthenticationError, match="publishes no metadata"):
        endpoint_at("https://fed.test/sts")
