"""Which keys and metadata are used (RFC 7517, OpenID Connect Discovery 1.0)."""

import json
from typing import Any

import pytest

from tests.kit.signed_tokens import ISSUER, key, key_set, keys, sign, verify
from webidentity._protocol.metadata import TenantMetadata, metadata_url
from webidentity._protocol.signing_keys import SigningKeys
from webidentity._protocol.verification import UnknownKeyError


@pytest.mark.parametrize("changes", [{}, {"use": None}, {"x5c": ["MII"], "x5t": "x", "alg": "RS256"}])
def test_an_rsa_key_for_signatures_is_used(changes: dict[str, Any]) -> None:
    """RSA keys are used with or without ``use``, and with any other members."""
    assert verify(sign(), known=keys(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": None},
        {"n": None},
        {"e": None},
        {"n": ""},
        {"n": "!!!"},
        {"n": 5},
        {"e": ["AQAB"]},
        {"e": "AA"},
    ],
)
def test_any_other_key_is_skipped(changes: dict[str, Any]) -> None:
    """A malformed key does not make the valid ones unusable."""
    document = json.loads(key_set("tenant"))
    document["keys"].insert(0, {**json.loads(key_set("other"))["keys"][0], **changes})
    read = SigningKeys.parse(json.dumps(document))
    assert read is not None
    assert verify(sign(), known=read)
    with pytest.raises(UnknownKeyError):
        verify(sign(by="other"), known=read)
    assert SigningKeys.parse(key_set(**changes)) is None


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"keys":{}}', '{"keys":[]}', '{"keys":[5,null]}', "<html>"])
def test_an_invalid_key_set_is_none(text: str) -> None:
    """The last valid key set stays in use."""
    assert SigningKeys.parse(text) is None


def test_a_key_without_an_id_signs_tokens_without_one() -> None:
    """It is not used for tokens with a ``kid``."""
    read = keys(kid=None)
    assert verify(sign(header={"kid": None}), known=read)
    with pytest.raises(UnknownKeyError):
        verify(sign(), known=read)


def test_private_parts_of_a_key_are_not_read() -> None:
    """Only the modulus and the exponent are read."""
    read = keys(d="AAAA", p="BBBB")
    assert verify(sign(), known=read)
    assert key().kid in repr(read.candidates("tenant")[0])


def metadata(**changes: Any) -> TenantMetadata | None:
    """Read metadata with these changes."""
    return TenantMetadata.parse(json.dumps({"issuer": ISSUER, "jwks_uri": "https://keys.test/keys", **changes}))


@pytest.mark.parametrize("uri", ["https://keys.test/keys", "http://127.0.0.1:8080/keys", "http://localhost/keys"])
def test_keys_are_fetched_over_https_or_from_this_machine(uri: str) -> None:
    """They cannot be modified in transit."""
    found = metadata(jwks_uri=uri)
    assert found is not None
    assert (found.issuer, found.jwks_uri) == (ISSUER, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://keys.test/keys",
        "http://localhost.evil.test/keys",
        "http://127.0.0.1.evil.test/",
        "ftp://keys.test",
        "file:///etc/passwd",
        "//keys.test/keys",
        "keys",
        "https://",
        "https://[::1",
        "",
        5,
        None,
    ],
)
def test_keys_from_elsewhere_are_not_fetched(uri: object) -> None:
    """The metadata document is invalid."""
    assert metadata(jwks_uri=uri) is None


@pytest.mark.parametrize("issuer", [None, "", 5, []])
def test_metadata_without_an_issuer_is_invalid(issuer: object) -> None:
    """Every token is compared with the issuer."""
    assert metadata(issuer=issuer) is None
    assert TenantMetadata.parse("<html>") is None


def test_the_metadata_url_follows_the_specification() -> None:
    """OpenID Connect Discovery 1.0 section 4."""
    expected = "https://login.test/tenant/v2.0/.well-known/openid-configuration"
    assert metadata_url("https://login.test", "tenant") == expected
