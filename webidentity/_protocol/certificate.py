"""A client certificate with its private key, and the assertions that it signs (RFC 7523 section 2.2)."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

#: Seconds that an assertion is valid. Each token request has a new one.
LIFETIME = 600


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """An RSA key and the certificate that is registered on the application.

    :param chain: the certificates as base64 DER, the client's own first (RFC 7515 section 4.1.6).
    :param fingerprint: a digest of certificate and key.
    """

    private_key: RSAPrivateKey = field(repr=False)
    thumbprint_sha1: str
    thumbprint_sha256: str
    chain: tuple[str, ...] = field(repr=False)
    fingerprint: str = field(repr=False)

    def __reduce__(self) -> Any:
        """Pickle the key as PEM. It is parsed again when unpickled."""
        key = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = "".join(f"-----BEGIN CERTIFICATE-----\n{item}\n-----END CERTIFICATE-----\n" for item in self.chain)
        return ClientCertificate.load, (key + chain.encode(),)

    @classmethod
    def load(cls, data: bytes, password: bytes | None = None) -> "ClientCertificate":
        """Read a certificate with its private key, in PEM or PKCS#12.

        The key is parsed and checked here, once.

        :raises ValueError: the data cannot be read, or has no RSA key.
        :raises TypeError: the data is encrypted and there is no password, or the reverse.
        """
        if not isinstance(data, bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("The certificate should be bytes: read its file with open(path, 'rb')")
        if b"-----BEGIN" in data:
            key, certificates = _load_pem(data, password)
        else:
            key, certificates = _load_pkcs12(data, password)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("The certificate must have an RSA private key because RS256 is used for signing")
        secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ders = [certificate.public_bytes(Encoding.DER) for certificate in _own_first(key, certificates)]
        return cls(
            private_key=key,
            thumbprint_sha1=_encode(_digest(SHA1(), ders[0])),  # noqa: S303 - ADFS identifies certificates by it
            thumbprint_sha256=_encode(_digest(SHA256(), ders[0])),
            chain=tuple(b64encode(der).decode() for der in ders),
            fingerprint=_digest(SHA256(), ders[0] + secret).hex(),
        )


def _load_pem(data: bytes, password: bytes | None) -> tuple[Any, list[x509.Certificate]]:
    try:
        key = load_pem_private_key(data, password)
    except ValueError as error:
        # One in 256 wrong passwords decrypts to data that looks like a key.
        wrong = "" if password is None else ", or its password is wrong"
        raise ValueError(f"The private key in the PEM data cannot be read, or is missing{wrong}: {error}") from error
    try:
        return key, x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise ValueError(f"The PEM data must contain the certificate as well as its private key: {error}") from error


def _load_pkcs12(data: bytes, password: bytes | None) -> tuple[Any, list[x509.Certificate]]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password)
    except ValueError as error:
        raise ValueError(f"Failed to deserialize certificate in PEM or PKCS12 format: {error}") from error
    if key is None or certificate is None:
        raise ValueError("The PKCS12 file must contain a certificate and its private key")
    return key, [certificate, *others]


def _own_first(key: RSAPrivateKey, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificates with that of the key first, then those of the issuers, in the order of the file."""
    numbers = key.public_key().public_numbers()

    def is_other(certificate: x509.Certificate) -> bool:
        public = certificate.public_key()
        return not isinstance(public, RSAPublicKey) or public.public_numbers() != numbers

    return sorted(certificates, key=is_other)


def _digest(algorithm: Any, data: bytes) -> bytes:
    digest = Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_assertion(
    certificate: ClientCertificate,
    *,
    client_id: str,
    audience: str,
    now: int,
    jti: str,
    send_chain: bool,
    adfs: bool,
) -> str:
    """Return an assertion that authenticates the client.

    It is signed with PS256 and names the SHA-256 thumbprint, as Microsoft recommends, or with RS256 and SHA-1 for ADFS,
    which supports nothing else.

    :param audience: the token endpoint that the assertion is sent to.
    :param now: Unix seconds.
    :param jti: a unique value.
    :param send_chain: whether to include the certificate chain.
    """
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": jti,
        "nbf": now,
        "iat": now,
        "exp": now + LIFETIME,
    }
    headers: dict[str, Any] = (
        {"x5t": certificate.thumbprint_sha1} if adfs else {"x5t#S256": certificate.thumbprint_sha256}
    )
    if send_chain:
        headers["x5c"] = list(certificate.chain)
    return jwt.encode(claims, certificate.private_key, algorithm="RS256" if adfs else "PS256", headers=headers)
