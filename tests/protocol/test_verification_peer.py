"""Verification compared with PyJWT: both accept the same tokens, unless this library is stricter on purpose."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.kit.replies import CLIENT, OTHER_TENANT
from tests.kit.signed_tokens import ISSUER, claims, key, keys, sign, verify
from webidentity._protocol.verification import LEEWAY, TokenRejectedError

#: Seconds that a test may take: times are at least this far from the limits.
MARGIN = 60
KNOWN = keys("tenant")
PUBLIC = key("tenant").private_key.public_key()
OTHER_SIGNATURE = sign(by="other").rpartition(".")[2]


def now() -> int:
    """PyJWT reads the clock itself."""
    return int(time.time())


def accepted_here(token: str) -> Any:
    """Return the claims, or None if the token is refused."""
    try:
        return dict(verify(token, KNOWN, now=time.time()))
    except TokenRejectedError:
        return None


def accepted_by_peer(token: str) -> Any:
    """Return the claims, or None if PyJWT refuses the token."""
    required: Any = {"require": ["exp", "iat", "iss", "aud", "sub"], "verify_jti": False, "strict_aud": False}
    try:
        return jwt.decode(
            token, PUBLIC, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER, leeway=LEEWAY, options=required
        )
    except (jwt.PyJWTError, ValueError):
        return None


def same(token: str) -> None:
    """Check that both accept the token, with the same claims, or neither."""
    assert accepted_here(token) == accepted_by_peer(token)


def valid(**changes: Any) -> dict[str, Any]:
    """Return claims that are valid now."""
    return claims(**{"iat": now(), "nbf": now(), "exp": now() + 3600, **changes})


@pytest.fixture(scope="module", name="token")
def valid_token() -> str:
    """A token that both accept."""
    token = sign(valid())
    assert accepted_here(token) == accepted_by_peer(token) != None  # noqa: E711 - one comparison of three
    return token


@settings(max_examples=500)
@given(
    position=st.floats(0, 1, exclude_max=True),
    change=st.sampled_from(["replace", "insert", "delete", "duplicate", "cut", "drop"]),
    character=st.sampled_from("ABQgw_-09.+/= \n\t\r\0é\u2028\ud800"),
)
def test_a_token_with_a_changed_character(token: str, position: float, change: str, character: str) -> None:
    """Only the original is accepted. Some versions of PyJWT skip other characters in a signature, or accept padding."""
    at = int(position * len(token))
    changed = {
        "replace": token[:at] + character + token[at + 1 :],
        "insert": token[:at] + character + token[at:],
        "delete": token[:at] + token[at + 1 :],
        "duplicate": token[:at] + token[at] + token[at:],
        "cut": token[:at],
        "drop": token[at:],
    }[change]
    if changed == token:
        same(changed)
    else:
        assert accepted_here(changed) is None


@given(st.permutations(range(3)), st.sampled_from([".", "..", "", ". "]))
def test_a_token_whose_parts_are_in_another_order(token: str, order: list[int], separator: str) -> None:
    """Only the original is accepted."""
    parts = token.split(".")
    same(separator.join(parts[number] for number in order))


def test_a_token_with_another_signature(token: str) -> None:
    """One of another key, an empty one, one that is too short, one that is too long, and one of zeros."""
    content, _, signature = token.rpartition(".")
    for other in (OTHER_SIGNATURE, "", "AAAA", signature[:-4], signature + "AAAA", "AAAA" + signature, "A" * 342):
        assert accepted_here(f"{content}.{other}") is None


HEADER = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["RS256", "RS384", "RS512", "PS256", "HS256", "none", "None", "", None, 256, ["RS256"]]),
        "kid": st.sampled_from(["tenant", 5, [], {}]),
        "b64": st.sampled_from([True, False]),
        "crit": st.sampled_from([[], ["exp"], "exp", ["x"], [5], {}]),
        "jku": st.text(max_size=5),
        "x5c": st.lists(st.text(max_size=5), max_size=2),
        "jwk": st.just(key("other").jwk("")),
        "zip": st.just("DEF"),
    },
)


@given(HEADER)
def test_a_signed_header(header: dict[str, Any]) -> None:
    """Unknown members are ignored, and none of the others replaces the key or the algorithm."""
    token = sign(valid(), header=header)
    if "crit" in header or header.get("b64") is False or not isinstance(header.get("kid", ""), str):
        # Not every version of PyJWT refuses these.
        assert accepted_here(token) is None
    else:
        same(token)


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from([ISSUER, f"{ISSUER}/", "", 5]),
        "aud": st.sampled_from([CLIENT, [CLIENT], "", [], ["other"], 5, [5], {CLIENT: 1}]),
        "exp": st.integers(-2 * LEEWAY, 2 * LEEWAY).filter(lambda value: abs(value + LEEWAY) > MARGIN),
        "nbf": st.integers(-2 * LEEWAY, 2 * LEEWAY).filter(lambda value: abs(value - LEEWAY) > MARGIN),
        "iat": st.integers(-2 * LEEWAY, 2 * LEEWAY).filter(lambda value: abs(value - LEEWAY) > MARGIN),
        "groups": st.lists(st.text(max_size=5), max_size=3),
    },
)


@given(CLAIMS)
def test_signed_claims(changes: dict[str, Any]) -> None:
    """Times, issuer and audience."""
    times = {name: now() + value for name, value in changes.items() if name in {"exp", "nbf", "iat"}}
    same(sign(valid(**changes | times)))


@settings(max_examples=200)
@given(st.binary(max_size=20) | st.text(max_size=20).map(str.encode))
@example(b"")
@example(b"null")
@example(b"[1]")
@example(b'{"a":')
@example(b"\xff")
def test_a_signed_payload_that_is_no_set_of_claims(payload: bytes) -> None:
    """Whatever the authority signs, the outcome is the same."""
    same(sign(payload))


def test_of_two_members_with_one_name_the_last_counts() -> None:
    """RFC 7515 section 4 and RFC 7519 section 4 allow this; what counts is that no two readers differ."""
    twice = json.dumps(valid())[:-1].encode()
    for member, is_accepted in ((b',"aud":"other"}', False), (f',"aud":"{CLIENT}"}}'.encode(), True)):
        token = sign(twice + member)
        same(token)
        assert (accepted_here(token) is not None) is is_accepted


def stricter(token: str) -> None:
    """Check that the token is refused here, and accepted by PyJWT."""
    assert accepted_here(token) is None
    assert accepted_by_peer(token) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT, "other"]},
        {"tid": None},
        {"tid": OTHER_TENANT},
        {"sub": ""},
        {"iat": 1.0e9, "exp": "99999999999"},
        {"exp": 99999999999, "nbf": "1000000000"},
    ],
)
def test_claims_that_only_pyjwt_accepts(changes: dict[str, Any]) -> None:
    """A further audience, a tenant that is not the issuer's, no subject, and times as text."""
    stricter(sign(valid(**changes)))


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"cty": "JWT"}, {"nonce": "x"}, {"b64": 0}])
def test_headers_that_only_pyjwt_accepts(header: dict[str, Any]) -> None:
    """Tokens of another kind, which the same authority signs with the same keys, and extensions."""
    stricter(sign(valid(), header=header))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_encodings_that_only_pyjwt_accepts(encoding: str) -> None:
    """Header and claims are UTF-8 (RFC 7515 section 5.2, RFC 7519 section 7.2), without a byte order mark."""
    stricter(sign(json.dumps(valid()).encode(encoding)))
    header = json.dumps({"alg": "RS256", "typ": "JWT", "kid": "tenant"}).encode(encoding)
    payload = json.dumps(valid()).encode()
    content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(algorithm.sign(content, key("tenant").private_key)).rstrip(b"=")
    stricter(b".".join((content, signature)).decode())


def test_padding_that_only_pyjwt_accepts(token: str) -> None:
    """RFC 7515 section 2 excludes it. Two texts of one token would be two entries of what is remembered."""
    stricter(f"{token}==")
