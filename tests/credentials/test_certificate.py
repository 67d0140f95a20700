"""CertificateCredential: the files that it reads, and the assertions that it signs."""

import base64
import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from tests.kit.canned import Canned
from tests.kit.certificates import certificate, certificate_pkcs12, key_pair
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver, Transports
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, token
from webidentity._protocol import certificate as certificates
from webidentity.testing import LocalTenant

KEY, CERTIFICATE = key_pair()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = CERTIFICATE.public_bytes(Encoding.PEM)


def credential_of(driver: Driver, network: Transports, **options: Any) -> Credential:
    arguments = {"tenant_id": TENANT, "client_id": CLIENT, "retry_total": 0, **options}
    return driver.credential("CertificateCredential", network, **arguments)


def numbered() -> Canned:
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"))
    return network


def opened(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of an assertion, after checking its signature with the certificate."""
    header = jwt.get_unverified_header(assertion)
    unchecked = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    return header, jwt.decode(assertion, KEY.public_key(), algorithms=[header["alg"]], options=unchecked)


def thumbprint(algorithm: Any, of: x509.Certificate = CERTIFICATE) -> str:
    return base64.urlsafe_b64encode(of.fingerprint(algorithm)).rstrip(b"=").decode()


READABLE = [
    pytest.param(certificate(), None, id="PEM"),
    pytest.param(PUBLIC + PRIVATE, None, id="PEM, the certificate first"),
    pytest.param(certificate(password=b"p\xc3\xa4ss"), "päss", id="encrypted PEM, password as text"),
    pytest.param(certificate(password=b"p\xe4ss"), b"p\xe4ss", id="encrypted PEM, password in another encoding"),
    pytest.param(certificate_pkcs12(), None, id="PKCS#12"),
    pytest.param(certificate_pkcs12(b"password"), "password", id="encrypted PKCS#12"),
    pytest.param(certificate_pkcs12(b"password"), b"password", id="encrypted PKCS#12, password as bytes"),
    pytest.param(b"Bag Attributes\n  localKeyID: 01\n" + certificate(), None, id="PEM as openssl pkcs12 writes it"),
]


@pytest.mark.parametrize("how", ["path", "path as Path", "data"])
@pytest.mark.parametrize(("content", "password"), READABLE)
def test_each_format_is_read(driver: Driver, tmp_path: Path, content: bytes, password: Any, how: str) -> None:
    """Certificates are read from a file or from bytes, with the password as text or bytes."""
    file, network = tmp_path / "certificate", numbered()
    file.write_bytes(content)
    given = {"data": {"certificate_data": content}, "path": {"certificate_path": str(file)}}
    options = given.get(how, {"certificate_path": file})
    credential_of(driver, network, password=password, **options).get_token(SCOPE)
    header, _ = opened(network.forms[0]["client_assertion"])
    assert header["x5t#S256"] == thumbprint(SHA256())


UNREADABLE = [
    pytest.param({}, ValueError, "certificate_path.*certificate_data", id="neither"),
    pytest.param({"certificate_data": b""}, ValueError, "certificate_path.*certificate_data", id="no bytes"),
    pytest.param({"certificate_data": b"garbage"}, ValueError, "PEM or PKCS12", id="garbage"),
    pytest.param({"certificate_data": "garbage"}, ValueError, "PEM or PKCS12", id="text"),
    pytest.param({"certificate_data": PRIVATE}, ValueError, "contain the certificate as well", id="key alone"),
    pytest.param({"certificate_data": PUBLIC}, ValueError, "private key.*missing", id="certificate alone"),
    pytest.param({"certificate_data": certificate("ec")}, ValueError, "RSA private key", id="EC key"),
    pytest.param(
        {"certificate_data": pkcs12.serialize_key_and_certificates(b"x", *key_pair("ec"), None, NoEncryption())},
        ValueError,
        "RSA private key",
        id="EC key in PKCS#12",
    ),
    pytest.param(
        {"certificate_data": pkcs12.serialize_key_and_certificates(b"x", None, CERTIFICATE, None, NoEncryption())},
        ValueError,
        "its private key",
        id="certificate alone in PKCS#12",
    ),
    pytest.param({"certificate_data": certificate(password=b"p")}, TypeError, "(?i)password", id="no password"),
    pytest.param(
        {"certificate_data": certificate(password=b"p"), "password": "q"},
        ValueError,
        "(?i)password",
        id="wrong password",
    ),
    pytest.param(
        {"certificate_data": certificate(), "password": "q"}, TypeError, "(?i)password", id="useless password"
    ),
    pytest.param({"certificate_data": certificate_pkcs12(b"p")}, ValueError, "(?i)password", id="PKCS#12, no password"),
    pytest.param(
        {"certificate_data": certificate_pkcs12(b"p"), "password": "q"},
        ValueError,
        "(?i)password",
        id="PKCS#12, wrong password",
    ),
    pytest.param({"certificate_path": "/nowhere/certificate.pem"}, FileNotFoundError, "/nowhere", id="no file"),
]


@pytest.mark.parametrize(("options", "kind", "message"), UNREADABLE)
def test_unreadable_certificates_are_explained_by_the_constructor(
    driver: Driver, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """The message says what to do."""
    with pytest.raises(kind, match=message):
        credential_of(driver, Canned(), **options)


@pytest.mark.parametrize("keyword", ["certificate_data", "client_certificate"])
def test_a_certificate_in_pem_format_may_be_a_string(driver: Driver, keyword: str) -> None:
    """As an environment variable or a vault returns it."""
    network, text = numbered(), certificate().decode()
    if keyword == "certificate_data":
        credential = credential_of(driver, network, certificate_data=text)
    else:
        credential = driver.credential(
            "OnBehalfOfCredential", network, TENANT, CLIENT, client_certificate=text, user_assertion="assertion"
        )
    assert credential.get_token(SCOPE).token == "token-1"


def test_certificate_data_takes_precedence_over_the_path(driver: Driver) -> None:
    """The path is not read, as in azure-identity."""
    network = numbered()
    credential_of(driver, network, certificate_path="/nowhere", certificate_data=certificate()).get_token(SCOPE)
    assert len(network.sent) == 1


def test_each_assertion_is_for_one_request(driver: Driver, clock: Clock) -> None:
    """Issuer and subject are the client, the audience is the endpoint. It is valid for ten minutes and never reused."""
    network = numbered()
    credential = credential_of(
        driver, network, certificate_data=certificate(), additionally_allowed_tenants=[OTHER_TENANT]
    )
    credential.get_token("a/.default")
    credential.get_token("b/.default", tenant_id=OTHER_TENANT)
    jtis = []
    for sent in network.sent:
        assert sent.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert "client_secret" not in sent.form
        header, claims = opened(sent.form["client_assertion"])
        assert header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(SHA256())}
        assert claims["iss"] == claims["sub"] == CLIENT
        assert claims["aud"] == sent.url
        assert claims["exp"] - claims["nbf"] <= 600
        assert abs(claims["iat"] - clock()) < 5
        jtis.append(claims["jti"])
    assert [TENANT in network.sent[0].url, OTHER_TENANT in network.sent[1].url] == [True, True]
    assert len(set(jtis)) == 2
    # In the form that Microsoft's documentation asks for.
    assert all(str(UUID(jti)) == jti for jti in jtis)


def test_adfs_receives_rs256(driver: Driver) -> None:
    """AD FS receives the SHA-1 thumbprint, because it does not support PS256."""
    network = numbered()
    credential_of(
        driver, network, tenant_id="adfs", authority="https://adfs.contoso.test", certificate_data=certificate()
    ).get_token(SCOPE)
    header, claims = opened(network.forms[0]["client_assertion"])
    assert header == {"alg": "RS256", "typ": "JWT", "x5t": thumbprint(SHA1())}
    assert claims["aud"].startswith("https://adfs.contoso.test/adfs/")


def authority_certificate() -> x509.Certificate:
    """Return the certificate of an authority that could have issued the client's."""
    return key_pair(name="issuer")[1]


@pytest.mark.parametrize("file", ["own first", "own last", "PKCS#12"])
def test_the_chain_is_sent_on_request(driver: Driver, file: str) -> None:
    """The client's certificate is the first, whatever the order in the file."""
    issuer = authority_certificate()
    content = {
        "own first": PRIVATE + PUBLIC + issuer.public_bytes(Encoding.PEM),
        "own last": PRIVATE + issuer.public_bytes(Encoding.PEM) + PUBLIC,
        "PKCS#12": pkcs12.serialize_key_and_certificates(b"client", KEY, CERTIFICATE, [issuer], NoEncryption()),
    }[file]
    network = numbered()
    credential_of(driver, network, certificate_data=content, send_certificate_chain=True).get_token(SCOPE)
    header, _ = opened(network.forms[0]["client_assertion"])
    assert header["x5c"] == [
        base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in (CERTIFICATE, issuer)
    ]
    assert header["x5t#S256"] == thumbprint(SHA256())


def test_the_key_is_parsed_once(driver: Driver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The constructor parses the key, and token requests do not parse it again."""
    loads: list[int] = []
    original = certificates.load_pem_private_key

    def counted(*args: Any, **kwargs: Any) -> Any:
        loads.append(1)
        return original(*args, **kwargs)

    monkeypatch.setattr(certificates, "load_pem_private_key", counted)
    network = numbered()
    credential = credential_of(driver, network, certificate_data=certificate())
    for _ in range(3):
        credential.get_token(SCOPE)
        clock.advance(4000)
    assert (len(network.sent), len(loads)) == (3, 1)


def test_credentials_share_a_cache_if_certificate_and_key_are_equal(driver: Driver) -> None:
    """The format of the file does not matter. Another key means another client."""
    from webidentity.cache import TokenCache

    cache, network = TokenCache(), numbered()
    contents = [certificate(), certificate_pkcs12(), certificate(name="another")]
    tokens = [
        credential_of(driver, network, certificate_data=content, token_cache=cache).get_token(SCOPE).token
        for content in contents
    ]
    assert tokens == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize("send_certificate_chain", [False, True])
def test_a_tenant_accepts_the_assertion(driver: Driver, send_certificate_chain: bool) -> None:
    """A tenant that accepts each assertion only once accepts every request."""
    tenant = LocalTenant(single_use_assertions=True)
    app = tenant.add_app("service", certificates=[PUBLIC])
    credential = credential_of(
        driver,
        tenant,
        tenant_id=tenant.tenant_id,
        client_id=app.client_id,
        authority=tenant.base_url,
        certificate_data=certificate(),
        send_certificate_chain=send_certificate_chain,
    )
    first = credential.get_token(SCOPE)
    again = credential.get_token(SCOPE, claims='{"access_token": {}}')
    claims = jwt.decode(again.token, options={"verify_signature": False})
    assert (claims["azp"], claims["idtyp"]) == (app.client_id, "app")
    assert first.expires_on > dt.datetime.now(dt.UTC).timestamp()


def test_a_certificate_that_is_not_registered_is_explained(driver: Driver) -> None:
    """The message says what to do; the response is attached."""
    from azure.core.exceptions import ClientAuthenticationError

    tenant = LocalTenant()
    app = tenant.add_app("service", certificates=[PUBLIC])
    credential = credential_of(
        driver,
        tenant,
        tenant_id=tenant.tenant_id,
        client_id=app.client_id,
        authority=tenant.base_url,
        certificate_data=certificate(name="another"),
    )
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS700027.*not registered") as caught:
        credential.get_token(SCOPE)
    assert caught.value.status_code == 401
