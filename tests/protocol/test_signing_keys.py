"""Which keys and metadata are used (RFC 7517, OpenID Connect Discovery 1.0)."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tests.kit.replies import AUTHORITY, OTHER_TENANT, TENANT
from tests.kit.signed_tokens import ISSUER, key, key_set, keys, sign, verify
from webidentity._protocol.metadata import TenantMetadata, metadata_url
from webidentity._protocol.signing_keys import SigningKeys
from webidentity._protocol.verification import UnknownKeyError


def modulus(bits: int) -> str:
    """Return an odd number of this many bits, as a JSON Web Key has it."""
    data = ((1 << bits) - 1).to_bytes((bits + 7) // 8, "big")
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "changes", [{}, {"use": None}, {"x5c": ["MII"], "x5t": "x", "alg": "RS256"}, {"key_ops": ["verify"]}]
)
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
        {"alg": "RSA-OAEP"},
        {"alg": "RS512"},
        {"alg": 5},
        {"key_ops": []},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"issuer": 5},
        {"issuer": ""},
        {"issuer": []},
        {"n": modulus(512)},
        {"n": modulus(1024)},
        {"n": modulus(2047)},
        {"n": modulus(16384)},
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


@pytest.mark.parametrize("bits", [2048, 2072, 2080, 2088, 2096, 4096, 8192])
@pytest.mark.parametrize("padding", ["", "="])
def test_a_modulus_may_have_any_length(bits: int, padding: str) -> None:
    """With or without padding."""
    number = modulus(bits)
    assert SigningKeys.parse(key_set(n=number + padding * (-len(number) % 4))) is not None


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
        "https://keys.test:abc/keys",
        "https://keys.test:99999/keys",
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


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        (AUTHORITY, f"{AUTHORITY}/{TENANT}/v2.0"),
        (AUTHORITY, f"https://sts.windows.net/{TENANT}/"),
        (AUTHORITY, f"https://LOGIN.microsoftonline.com/{TENANT}/v2.0"),
        ("https://login.windows.net", f"{AUTHORITY}/{TENANT.upper()}/v2.0"),
        ("http://localhost:8400", f"http://localhost:8400/{TENANT}/v2.0"),
        ("https://contoso.ciamlogin.com", f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
        ("https://contoso.b2clogin.com", f"https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1/v2.0/"),
    ],
)
def test_the_issuer_belongs_to_the_authority_and_tenant(authority: str, issuer: str) -> None:
    """Microsoft's hosts publish issuers of other hosts of theirs."""
    assert TenantMetadata(issuer, "").is_of(authority, TENANT)


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        (AUTHORITY, f"https://login.evil.test/{TENANT}/v2.0"),
        (AUTHORITY, f"{AUTHORITY}.evil.test/{TENANT}/v2.0"),
        (AUTHORITY, f"https://user@evil.test/{TENANT}/v2.0"),
        (AUTHORITY, f"{AUTHORITY}:8443/{TENANT}/v2.0"),
        (AUTHORITY, f"http://login.microsoftonline.com/{TENANT}/v2.0"),
        (AUTHORITY, f"{AUTHORITY}/{OTHER_TENANT}/v2.0"),
        (AUTHORITY, f"{AUTHORITY}/{OTHER_TENANT}/v2.0?{TENANT}"),
        (AUTHORITY, f"{AUTHORITY}/v2.0"),
        (AUTHORITY, "https://[::1"),
        (AUTHORITY, f"{AUTHORITY}:abc/{TENANT}/v2.0"),
        (AUTHORITY, f"{AUTHORITY}:99999/{TENANT}/v2.0"),
        (AUTHORITY, f"https://user@sts.windows.net/{TENANT}/"),
        (AUTHORITY, f"https://contoso.ciamlogin.com/{TENANT}/v2.0"),
        ("https://login.test", f"{AUTHORITY}/{TENANT}/v2.0"),
        ("http://localhost:8400", f"http://localhost:8401/{TENANT}/v2.0"),
    ],
)
def test_another_issuer_is_refused(authority: str, issuer: str) -> None:
    """The metadata of another tenant or authority would make its tokens valid here."""
    assert not TenantMetadata(issuer, "").is_of(authority, TENANT)


@pytest.mark.parametrize(
    ("authority", "uri"),
    [
        (AUTHORITY, f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys"),
        (AUTHORITY, "https://login.microsoftonline.us/common/discovery/v2.0/keys"),
        ("https://login.windows.net", f"{AUTHORITY}/common/discovery/v2.0/keys"),
        ("https://login.chinacloudapi.cn", "https://login.partner.microsoftonline.cn/common/discovery/v2.0/keys"),
        ("https://contoso.ciamlogin.com", f"https://{TENANT}.ciamlogin.com/{TENANT}/discovery/v2.0/keys"),
        ("https://login.contoso.com", f"https://login.contoso.com/{TENANT}/discovery/v2.0/keys"),
        ("http://localhost:8400", f"http://localhost:8400/{TENANT}/discovery/v2.0/keys"),
    ],
)
def test_the_keys_are_at_the_authority(authority: str, uri: str) -> None:
    """Or at another host of Microsoft's, as the issuer is."""
    assert TenantMetadata(ISSUER, uri).has_keys_at(authority)


@pytest.mark.parametrize(
    ("authority", "uri"),
    [
        (AUTHORITY, "http://127.0.0.1:6379/x"),
        (AUTHORITY, "https://internal.corp/keys"),
        (AUTHORITY, "https://user:pw@h/"),
        (AUTHORITY, "https://user:pw@login.windows.net/common/discovery/v2.0/keys"),
        (AUTHORITY, f"{AUTHORITY}:8443/keys"),
        (AUTHORITY, f"{AUTHORITY}.evil.test/keys"),
        ("https://localhost:8400", "http://localhost:8400/keys"),
        ("http://localhost:8400", "http://localhost:8401/keys"),
    ],
)
def test_keys_at_another_host_are_not_fetched(authority: str, uri: str) -> None:
    """Metadata must not have this server send requests inside its own network."""
    assert not TenantMetadata(ISSUER, uri).has_keys_at(authority)


def test_the_issuer_of_a_domain_contains_the_tenant_id() -> None:
    """It is not known which one, so only the host is compared."""
    assert TenantMetadata(ISSUER, "").is_of(AUTHORITY, "contoso.com")
    assert not TenantMetadata("https://evil.test/contoso.com/", "").is_of(AUTHORITY, "contoso.com")


def test_the_metadata_url_follows_the_specification() -> None:
    """OpenID Connect Discovery 1.0 section 4."""
    expected = "https://login.test/tenant/v2.0/.well-known/openid-configuration"
    assert metadata_url("https://login.test", "tenant") == expected
