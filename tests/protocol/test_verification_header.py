"""Which tokens are accepted: the form, the header and the signature (RFC 7515, RFC 8725)."""

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from tests.kit.replies import CLIENT
from tests.kit.signed_tokens import claims, key, keys, sign, verify
from webidentity._protocol.verification import TokenRejectedError, UnknownKeyError, UnverifiedToken, verify_response


def refused(token: str, reason: str, **changes: Any) -> None:
    """Check that the token is refused for that reason."""
    with pytest.raises(TokenRejectedError, match=reason):
        verify(token, **changes)


def with_header(**members: Any) -> str:
    """Return a token with these header members and a valid RS256 signature."""
    return sign(header=members)


@pytest.mark.parametrize(
    "alg", ["none", "None", "nOnE", "NONE", "", None, "RS512", "PS256", "ES256", "rs256", 5, ["RS256"]]
)
def test_only_rs256_is_accepted(alg: object) -> None:
    """A token with another algorithm is refused, whatever its signature is (RFC 8725 section 3.1)."""
    with pytest.raises(TokenRejectedError, match=r"RS256|cannot be read"):
        verify(with_header(alg=alg))


@pytest.mark.parametrize("alg", ["none", "None", "nOnE"])
def test_an_unsigned_token_is_refused(alg: str) -> None:
    """A token with an empty signature or without one is refused."""
    first = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    second = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    refused(f"{first}.{second}.", "RS256")
    refused(f"{first}.{second}", "not a signed token")


@pytest.mark.parametrize("form", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_public_key_is_not_used_as_a_shared_secret(form: serialization.Encoding) -> None:
    """HS256 with the public key, which is known to all (RFC 8725 section 2.1, CVE-2022-29217)."""
    public = key().private_key.public_key()
    secret = public.public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    first, second, _ = with_header(alg="HS256").split(".")
    signature = base64.urlsafe_b64encode(algorithm.sign(f"{first}.{second}".encode(), secret)).rstrip(b"=").decode()
    refused(f"{first}.{second}.{signature}", "RS256")


@pytest.mark.parametrize("crit", [["b64"], ["exp"], ["x-unknown"], [], "b64"])
def test_a_critical_extension_is_refused(crit: object) -> None:
    """No extension is supported (RFC 7515 section 4.1.11)."""
    with pytest.raises(TokenRejectedError, match=r"extensions|cannot be read"):
        verify(with_header(crit=crit, b64=True))


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"])
def test_a_key_in_the_header_is_never_used(name: str) -> None:
    """The signature is checked only with the authority's keys (RFC 8725 section 3.10)."""
    public = key("attacker").jwk("issuer")
    value = {"jwk": public, "x5c": ["MIIB"], "jku": "https://evil.test/keys", "x5u": "https://evil.test/cert"}
    token = sign(by="attacker", header={name: value.get(name, "x"), "kid": "tenant"})
    refused(token, "signature is wrong")
    refused(sign(by="attacker", header={name: value.get(name, "x"), "kid": None}), "signature is wrong")


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", "JWE", "JOSE+JSON", "", 5, ["JWT"]])
def test_a_token_of_another_type_is_refused(kind: object) -> None:
    """A logout token has the same issuer, audience and keys (RFC 8725 section 3.11)."""
    with pytest.raises(TokenRejectedError, match=r"neither an access token nor an ID token|cannot be read"):
        verify(with_header(typ=kind))


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_tokens_and_access_tokens_are_accepted(kind: str | None) -> None:
    """RFC 7519 section 5.1, RFC 9068 section 2.1."""
    assert verify(with_header(typ=kind))


def test_a_nested_token_is_refused() -> None:
    """RFC 7519 section 5.2."""
    refused(with_header(cty="JWT"), "extensions")


def test_a_token_for_microsoft_graph_is_refused_with_advice() -> None:
    """Its header has a nonce, and only Microsoft Graph can verify it."""
    refused(with_header(nonce="x"), "Microsoft Graph")


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "..", "...", "a..c", "é.é.é", "\ud800.a.b", "a.b.c"]
)
def test_anything_else_than_three_parts_is_refused(token: str) -> None:
    """Only the compact form is accepted: no JSON form, no encryption."""
    with pytest.raises(TokenRejectedError):
        verify(token)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize(
    "junk",
    [
        "=",
        "==",
        "+",
        "/",
        " ",
        "\n",
        "\r\n",
        "\0",
        "!",
        "%41",
        "é",
        "\u212a",
        "====",
        "++++",
        "////",
        "    ",
        "!!!!",
        "\n\n\n\n",
    ],
)
def test_only_the_alphabet_of_base64url_is_accepted(part: int, junk: str) -> None:
    """No padding, no white space, no other alphabet (RFC 7515 section 2): each token is written in one way."""
    parts = sign().split(".")
    for position in (0, 4, len(parts[part])):
        changed = [text[:position] + junk + text[position:] if at == part else text for at, text in enumerate(parts)]
        refused(".".join(changed), "not a signed token|longer")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_bits_after_the_end_of_a_part_are_refused(part: int) -> None:
    """Without this check, several texts would decode to one token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    tokens = (sign(claims(padding="x" * size), header={"x": "y" * size}) for size in range(3))
    lengths = set[int]()
    for token in tokens:
        parts = token.split(".")
        lengths.add(len(parts[part]) % 4)
        if len(parts[part]) % 4 == 0:
            continue
        following = alphabet[alphabet.index(parts[part][-1]) + 1]
        parts[part] = parts[part][:-1] + following
        refused(".".join(parts), "not a signed token")
    assert lengths >= ({2} if part == 2 else {2, 3})


@pytest.mark.parametrize("kid", [5, None, [], {}, True])
def test_a_key_id_that_is_no_text_is_refused(kid: object) -> None:
    """It is not a token without a key ID, which is tried with each key."""
    first, second, _ = sign().split(".")
    header = json.dumps({"alg": "RS256", "typ": "JWT", "kid": kid}).encode()
    first = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    refused(f"{first}.{second}.e30", "cannot be read")


@pytest.mark.parametrize("b64", [False, None, 0, "false"])
def test_a_payload_that_is_not_encoded_is_refused(b64: object) -> None:
    """RFC 7797 section 7: the extension must be critical, and none is supported."""
    first, second, _ = sign().split(".")
    first = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "b64": b64}).encode()).rstrip(b"=").decode()
    refused(f"{first}.{second}.e30", "extensions")
    refused(f"{first}..e30", "extensions")


@pytest.mark.parametrize("header", [b"[]", b"5", b"null", b"{", b"\xff", b"[" * 20_000, b'{"alg":"RS256","kid":5}'])
def test_a_header_that_is_not_an_object_is_refused(header: bytes) -> None:
    """A header of any other JSON type is refused."""
    first = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    refused(f"{first}.e30.e30", "cannot be read|RS256")


def test_a_token_of_more_than_64_kb_is_not_read() -> None:
    """It is refused before anything is decoded (as in CVE-2025-61920)."""
    assert verify(sign(claims(padding="x" * 40_000)))
    refused(sign(claims(padding="x" * 50_000)), "longer")
    refused("." * 10_000_000, "longer")


def test_a_changed_byte_is_refused() -> None:
    """Changing a byte in any of the three parts makes the token invalid."""
    token = sign()
    for position in range(0, len(token) - 2, 29):
        if token[position] == ".":
            continue
        flipped = "B" if token[position] != "B" else "C"
        with pytest.raises(TokenRejectedError):
            verify(token[:position] + flipped + token[position + 1 :])


def test_an_unknown_key_has_an_error_of_its_own() -> None:
    """The authority may have rotated its keys."""
    with pytest.raises(UnknownKeyError):
        verify(sign(by="new"))


def test_a_token_without_a_key_id_is_tried_with_each_key() -> None:
    """If no key fits, the token is refused."""
    token = sign(header={"kid": None})
    assert UnverifiedToken.parse(token).kid is None
    assert verify(token)
    assert verify(token, known=keys("other", "tenant"))
    refused(token, "signature is wrong", known=keys("other", "third"))


def test_two_keys_with_the_same_id_are_both_tried() -> None:
    """A failed rotation, for example, can leave two keys with one ID."""
    both = keys("other", "tenant", kid="the-same")
    assert verify(sign(header={"kid": "the-same"}), known=both)
    refused(sign(by="third", header={"kid": "the-same"}), "signature is wrong", known=both)


def test_a_key_of_another_issuer_is_not_used() -> None:
    """A key with a template is valid for each tenant; a fixed issuer, as for consumer accounts, only for that one."""
    fixed = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
    refused(sign(), "does not belong to its issuer", known=keys(issuer=fixed))
    consumer = claims(iss=fixed, tid="9188040d-6c67-4c5b-b112-36a304b66dad")
    assert verify(sign(consumer), known=keys(issuer=fixed), issuer=fixed)
    assert verify(sign(consumer), known=keys(), issuer=fixed)
    assert verify(sign(), known=keys(issuer=None))


def test_an_id_token_belongs_to_one_sign_in() -> None:
    """Its nonce, authorized party and hashes of token and code are checked (OpenID Connect Core 3.1.3.7, 3.1.3.8)."""
    token_hash, code_hash = (
        base64.urlsafe_b64encode(hashlib.sha256(value).digest()[:16]).rstrip(b"=").decode()
        for value in (b"an-access-token", b"a-code")
    )
    response = {"client_id": CLIENT, "nonce": "the-nonce", "token": "an-access-token", "code": "a-code"}
    good = claims(nonce="the-nonce")
    for accepted in ({}, {"azp": CLIENT}, {"at_hash": token_hash}, {"c_hash": code_hash}):
        verify_response({**good, **accepted}, **response)
    for changed in (
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": ["the-nonce"]},
        {"nonce": "thé-nonce"},
        {"azp": "another"},
        {"azp": None},
        {"at_hash": token_hash[::-1]},
        {"at_hash": None},
        {"c_hash": token_hash},
        {"c_hash": None},
    ):
        with pytest.raises(TokenRejectedError):
            verify_response({**good, **changed}, **response)
    with pytest.raises(TokenRejectedError):
        verify_response(claims(), **response)
    for changed, what in (({"at_hash": code_hash}, "access token"), ({"c_hash": token_hash}, "code")):
        with pytest.raises(TokenRejectedError, match=f"belongs to another {what}$"):
            verify_response({**good, **changed}, **response)
