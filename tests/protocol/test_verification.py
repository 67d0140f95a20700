"""Which tokens are accepted: the claims (RFC 7519, OpenID Connect Core 3.1.3.7)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.replies import CLIENT, OTHER_TENANT, TENANT
from tests.kit.signed_tokens import ISSUER, NOW, claims, keys, sign, verify
from webidentity._protocol.verification import LEEWAY, Expected, TokenRejectedError, UnverifiedToken, verify_token


def refused(token: str, reason: str, **changes: Any) -> None:
    """Check that the token is refused for that reason."""
    with pytest.raises(TokenRejectedError, match=reason):
        verify(token, **changes)


def test_a_valid_token_is_accepted() -> None:
    """All its claims are returned, known and unknown."""
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
    """A prefix, a substring, and a list that contains the issuer are refused (CVE-2024-53861)."""
    refused(sign(claims(iss=issuer)), "another issuer")


def test_an_issuer_is_required() -> None:
    """It is optional in RFC 7519, but not in OpenID Connect."""
    refused(sign(claims(iss=None)), "another issuer")


def test_a_trailing_slash_of_the_issuer_is_significant() -> None:
    """Azure AD B2C has one."""
    assert verify(sign(claims(iss=f"{ISSUER}/")), keys(issuer=f"{ISSUER}/"), issuer=f"{ISSUER}/")
    refused(sign(), "another issuer", issuer=f"{ISSUER}/")


def test_a_v1_token_is_refused_with_advice() -> None:
    """A setting of the registration fixes it."""
    refused(sign(claims(iss=f"https://sts.windows.net/{TENANT}/")), "requestedAccessTokenVersion to 2")


@pytest.mark.parametrize(
    "tenant", [None, "", OTHER_TENANT, "v2.0", "common", TENANT[:-1], f"{TENANT}/v2.0", 5, [TENANT]]
)
def test_the_tenant_must_be_that_of_the_issuer(tenant: object) -> None:
    """A GUID that is in the issuer's path."""
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
def test_all_audiences_must_be_accepted_ones(audience: object) -> None:
    """A string, or a list without any other audience."""
    refused(sign(claims(aud=audience)), "another application")


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT], [CLIENT, f"api://{CLIENT}"]])
def test_each_accepted_audience_is_enough(audience: object) -> None:
    """The application may have several names."""
    assert verify(sign(claims(aud=audience)), audiences=frozenset({CLIENT, f"api://{CLIENT}"}))


@pytest.mark.parametrize("subject", [None, "", 5, ["x"]])
def test_a_subject_is_required(subject: object) -> None:
    """It identifies the user or the application."""
    refused(sign(claims(sub=subject)), "no subject")


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1800003600", True, False, [NOW], {}, "soon"])
def test_times_are_numbers(name: str, value: object) -> None:
    """Strings are refused, and so are booleans, which are integers in Python."""
    refused(sign(claims(**{name: value})), f"no usable {name}")


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "null"])
def test_times_are_finite(name: str, value: str) -> None:
    """Python's JSON parser accepts NaN and Infinity, with which a token would never expire."""
    content = json.dumps(claims(**{name: 12345})).replace("12345", value)
    refused(sign(content.encode()), f"no usable {name}")


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_expiry_and_issue_time_are_required(name: str) -> None:
    """nbf is optional; without it, the token is valid from iat on."""
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
    """The leeway is exactly five minutes."""
    token = sign(claims(**changes))
    if reason:
        refused(token, reason)
    else:
        assert verify(token)
    assert LEEWAY == 300


@pytest.mark.parametrize("leeway", [0, 600])
def test_the_leeway_can_be_chosen(leeway: int) -> None:
    """It counts on both sides."""
    for changes in ({"exp": NOW - leeway + 1}, {"nbf": NOW + leeway}, {"iat": NOW + leeway}):
        assert verify(sign(claims(**changes)), leeway=leeway)
    refused(sign(claims(exp=NOW - leeway)), "expired", leeway=leeway)
    refused(sign(claims(nbf=NOW + leeway + 1)), "not valid yet", leeway=leeway)


@pytest.mark.parametrize(
    "content", [b"[]", b"5", b'"text"', b"null", b"", b"{", b"\xff\xfe", b"[" * 50_000 + b"]" * 50_000]
)
def test_the_payload_must_be_an_object(content: bytes) -> None:
    """A valid signature over another kind of payload is not enough."""
    with pytest.raises(TokenRejectedError, match=r"not a JSON object|longer"):
        verify(sign(content))


@pytest.mark.parametrize("depth", [60, 200, 700])
def test_deeply_nested_claims_are_refused(depth: int) -> None:
    """They could not be copied or stored. No claim of Microsoft Entra ID is nested that deeply."""
    value: Any = "x"
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    refused(sign(claims(groups=value)), "nested")
    assert verify(sign(claims(groups=[[[{"a": [["x"]]}]]])))


@pytest.mark.parametrize("claim", [[{"a": 1}] * 100, [["x"]] * 100, {str(number): [] for number in range(100)}])
def test_wide_claims_are_accepted(claim: object) -> None:
    """Many groups, for example: only the depth is limited."""
    assert verify(sign(claims(groups=claim)))["groups"] == claim


def test_a_verified_token_is_checked_again() -> None:
    """With the issuer, the audiences, the time and the leeway of the next request."""
    good = Expected(ISSUER, frozenset({CLIENT}), NOW)
    verified = verify_token(UnverifiedToken.parse(sign()), keys(), good)
    assert verified.check(good) == claims()
    for changes, reason in (
        ({"issuer": f"{ISSUER}/"}, "another issuer"),
        ({"audiences": frozenset({"another"})}, "another application"),
        ({"now": NOW + 3600 + LEEWAY}, "expired"),
        ({"now": NOW + 3600, "leeway": 0}, "expired"),
        ({"now": NOW - LEEWAY - 1}, "not valid yet"),
        ({"now": NOW - 1, "leeway": 0}, "not valid yet"),
    ):
        with pytest.raises(TokenRejectedError, match=reason):
            verified.check(good._replace(**changes))
    for changes in ({"now": NOW + 3599 + LEEWAY}, {"now": NOW - LEEWAY}, {"audiences": frozenset({CLIENT, "another"})}):
        assert verified.check(good._replace(**changes)) == claims()


def test_a_verified_token_cannot_be_changed() -> None:
    """All requests with the token share it. Its repr has no claims: they may name the user."""
    verified: Any = verify_token(
        UnverifiedToken.parse(sign(claims(preferred_username="a-username"))),
        keys(),
        Expected(ISSUER, frozenset({CLIENT}), NOW),
    )
    for name in ("claims", "issuer", "audiences", "valid_from", "expires_on"):
        with pytest.raises(AttributeError):
            setattr(verified, name, None)
    assert "a-username" not in repr(verified)
    assert ISSUER in repr(verified)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(JSON, st.sampled_from(["iss", "tid", "aud", "sub", "exp", "iat", "nbf"]))
def test_no_claim_raises_an_unexpected_error(value: Any, name: str) -> None:
    """A token is accepted or rejected, whatever its claims are."""
    try:
        accepted = verify(sign({**claims(), name: value}))
    except TokenRejectedError:
        return
    assert name in {"exp", "iat", "nbf", "sub", "aud"}
    assert accepted["iss"] == ISSUER
