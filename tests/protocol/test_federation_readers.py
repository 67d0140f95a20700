"""What reads the answers of a federation server gets anything, and raises nothing but what it promises."""

import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.canned import Reply
from tests.kit.script import Response
from webidentity._protocol.metadata_exchange import find_endpoint
from webidentity._protocol.user_realm import may_have_password, read_user_realm
from webidentity._protocol.ws_trust import VERSIONS, read_trust_response
from webidentity._protocol.xml_message import child_of, parse_xml
from webidentity.testing.mex_document import write_mex
from webidentity.testing.wstrust import POLICY

TRUST = VERSIONS[0].namespace
MEX = write_mex("https://sts.tenant.test/trust").decode()
#: Pieces of which documents are made that are nearly right.
PIECES = st.sampled_from(
    [
        f'<t:R xmlns:t="{TRUST}">',
        "<t:RequestedSecurityToken>",
        "</t:RequestedSecurityToken>",
        "<t:RequestedSecurityToken a='>' b=\">\">",
        '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"/>',
        "</t:R>",
        "<![CDATA[<t:RequestedSecurityToken>]]>",
        "<!-- <t:RequestedSecurityToken> -->",
        "<!DOCTYPE a>",
        '<?xml version="1.0" encoding="utf-16"?>',
        "&#x0;",
        "\ud800",
        "\u00e9",
        "<",
    ]
)


@given(st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=50), st.sampled_from([200, 400, 500]))
def test_any_response_to_a_request_for_an_assertion(text: str, status: int) -> None:
    """An assertion that is a part of the text, or a refusal."""
    body = text.encode(errors="replace")
    try:
        assertion = read_trust_response(Response(Reply(body, status)), VERSIONS[0], "password")
    except ClientAuthenticationError:
        return
    assert status == 200
    assert assertion.text in body.decode()
    assert assertion.text not in repr(assertion)


@given(st.integers(0, len(MEX)), st.integers(0, 80), st.text(max_size=8))
def test_any_damage_to_the_metadata(start: int, length: int, instead: str) -> None:
    """An endpoint that may have a password, or none."""
    found = find_endpoint(MEX[:start] + instead + MEX[start + length :])
    assert found is None or may_have_password(found.url)


@given(
    st.dictionaries(
        st.sampled_from(["account_type", "federation_protocol", "federation_metadata_url", "cloud_audience_urn"]),
        st.sampled_from(["Federated", "WSTrust", "https://sts.test/mex", "http://[", "https://[::1", "", None, 5, []]),
    )
)
def test_any_realm(document: dict[str, Any]) -> None:
    """A federation server that may have a password, none, or an error."""
    try:
        federation = read_user_realm(Response(Reply(json.dumps(document))))
    except ClientAuthenticationError:
        return
    assert federation is None or may_have_password(federation.metadata_url)


@pytest.mark.parametrize("depth", [65, 100_000])
def test_what_is_nested_too_deeply_is_not_read(depth: int) -> None:
    """A search below each of the policies would take minutes."""
    policies = f'<p:Policy xmlns:p="{POLICY}">' + "<p:Policy>" * (depth - 1) + "</p:Policy>" * depth
    assert parse_xml(policies) is None
    assert find_endpoint(policies[: 1 << 20]) is None
    assert child_of(policies, POLICY, "Policy") is None


def test_what_is_nested_less_deeply_is_read() -> None:
    """Up to a depth that no federation server has; elements beside each other are not within each other."""
    assert parse_xml("<a>" * 64 + "</a>" * 64) is not None
    assert parse_xml(f"<a>{'<b></b>' * 1000}</a>") is not None
    assert find_endpoint(MEX) is not None
