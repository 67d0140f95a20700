"""Which tokens are accepted: the claims (RFC 7519, OpenID Connect Core 3.1.3.7)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.replies import CLIENT, OTHER_TENANT, TENANT
from tests.kit.signed_tokens import ISSUER, NOW, claims, keys, sign, verify
from webidentity._protocol.verification import LEEWAY, TokenRejectedError


def refused(token: str, reason: str, **changes: Any) -> None:
    """Check that the token is refused for that reason."""
    with pytest.raises(TokenRejectedError, match=reason):
        verify(token, **changes)


def test_a_good_token_is_accepted() -> None:
    """With all its claims, known and unknown."""
    assert verify(sign(claims(rh="x", uti="y"))) == claims(rh="x", uti="y")


@pytest.mark.parametrize(
    "issuer",
    [
        f"{ISSUER}/",
        ISSUER.removesuffix("/v2.0"),
        ISSUER.upper(),
        f"https://login.microsoftonline.com/{TENANT}/v2.0/extra",
        f"https://evil.test/?{ISSUER}",
        "https://login.microsoftonline.com/",
        "h",
        "",
        [ISSUER],
        {"a": 1},
        5,
    ],
)
def test_the_issuer_must_be_equal(issuer: object) -> None:
    """Not a prefix, not a substring, not a list that has it (CVE-2024-53861)."""
    refused(sign(claims(iss=issuer)), "another issuer")


def test_an_issuer_must_be_there() -> None:
    """RFC 7519 leaves it optional, OpenID Connect does not."""
    refused(sign(claims(iss=None)), "another issuer")


def test_a_slash_at_the_end_counts_when_the_metadata_has_it() -> None:
    """As in Azure AD B2C."""
    assert verify(sign(claims(iss=f"{ISSUER}/")), keys(issuer=f"{ISSUER}/"), issuer=f"{ISSUER}/")
    refused(sign(), "another issuer", issuer=f"{ISSUER}/")


def test_a_v1_token_is_refused_with_advice() -> None:
    """It would be one setting of the registration."""
    refused(sign(claims(iss=f"https://sts.windows.net/{TENANT}/")), "requestedAccessTokenVersion to 2")


@pytest.mark.parametrize(
    "tenant", [None, "", OTHER_TENANT, "v2.0", "common", TENANT[:-1], f"{TENANT}/v2.0", 5, [TENANT]]
)
def test_the_tenant_must_be_the_issuers(tenant: object) -> None:
    """A GUID, and the one in the issuer's path."""
    refused(sign(claims(tid=tenant)), "does not belong to its issuer")


@pytest.mark.parametrize(
    "audience",
    [
        None,
        "",
        "https://graph.microsoft.com",
        CLIENT.upper() + "x",
        f" {CLIENT}",
        CLIENT[:-1],
        [],
        [CLIENT, "another"],
        ["another"],
        [5],
        [[CLIENT]],
        [{}],
        {CLIENT: 1},
        5,
    ],
)
def test_the_audience_must_be_ours_alone(audience: object) -> None:
    """A string or a list; a list with somebody else in it is for somebody else too."""
    refused(sign(claims(aud=audience)), "another application")


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT], [CLIENT, f"api://{CLIENT}"]])
def test_an_audience_of_ours_is_accepted(audience: object) -> None:
    """Under each of its names."""
    assert verify(sign(claims(aud=audience)), audiences=frozenset({CLIENT, f"api://{CLIENT}"}))


@pytest.mark.parametrize("subject", [None, "", 5, ["x"]])
def test_a_subject_must_be_there(subject: object) -> None:
    """Whom it is about is what a token is for."""
    refused(sign(claims(sub=subject)), "no subject")


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1800003600", True, False, [NOW], {}, "soon"])
def test_times_are_numbers(name: str, value: object) -> None:
    """Not strings, and not booleans, which Python counts among the numbers."""
    refused(sign(claims(**{name: value})), f"no usable {name}")


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "null"])
def test_times_are_finite(name: str, value: str) -> None:
    """Python reads NaN and Infinity in JSON; a token that never expires, or compares with nothing, is refused."""
    content = json.dumps(claims(**{name: 12345})).replace("12345", value)
    refused(sign(content.encode()), f"no usable {name}")


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_expiry_and_issue_must_be_there(name: str) -> None:
    """nbf is optional, and no earlier than iat without it."""
    refused(sign(claims(**{name: None})), f"no usable {name}")
    assert verify(sign(claims(nbf=None)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - LEEWAY}, "expired"),
        ({"exp": NOW - LEEWAY + 1}, None),
        ({"exp": NOW - LEEWAY - 0.5}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": -1}, "expired"),
        ({"nbf": NOW + LEEWAY}, None),
        ({"nbf": NOW + LEEWAY + 1}, "not valid yet"),
        ({"iat": NOW + LEEWAY}, None),
        ({"iat": NOW + LEEWAY + 1}, "not valid yet"),
        ({"iat": NOW + 10**9, "nbf": NOW}, "not valid yet"),
        ({"iat": NOW + 10**9, "nbf": None}, "not valid yet"),
        ({"nbf": NOW + 10**9}, "not valid yet"),
    ],
)
def test_clocks_may_differ_by_the_leeway(changes: dict[str, Any], reason: str | None) -> None:
    """Two minutes, and not a second more."""
    token = sign(claims(**changes))
    if reason:
        refused(token, reason)
    else:
        assert verify(token)
    assert LEEWAY == 120


@pytest.mark.parametrize(
    "content", [b"[]", b"5", b'"text"', b"null", b"", b"{", b"\xff\xfe", b"[" * 50_000 + b"]" * 50_000]
)
def test_the_content_must_be_an_object(content: bytes) -> None:
    """Also when the signature is right."""
    with pytest.raises(TokenRejectedError, match=r"not a JSON object|longer"):
        verify(sign(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(JSON, st.sampled_from(["iss", "tid", "aud", "sub", "exp", "iat", "nbf"]))
def test_no_claim_of_any_kind_makes_an_error(value: Any, name: str) -> None:
    """A token is accepted or refused, whatever is in it."""
    try:
        accepted = verify(sign({**claims(), name: value}))
    except TokenRejectedError:
        return
    assert name in {"exp", "iat", "nbf", "sub", "aud"}
    assert accepted["iss"] == ISSUER
