"""The tenant's signing keys, and the JSON Web Key Set that publishes them (RFC 7517)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key


@dataclass(frozen=True, slots=True)
class SigningKeyPair:
    """One RSA key and the id it is published under."""

    kid: str
    private_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKeyPair:
        """Make a new 2048 bit key; its id is derived from the public half."""
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        der = private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(_base64url(hashlib.sha256(der).digest()[:20]), private_key)

    def jwk(self, issuer: str) -> dict[str, Any]:
        """The public half as Entra publishes it, with the issuer that the key may sign for."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "n": _base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": _base64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
            "issuer": issuer,
        }

    def sign(self, claims: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> str:
        """A JWT over the claims, RS256 unless the headers say otherwise; ``{"alg": "none"}`` leaves it unsigned."""
        merged = {"typ": "JWT", "alg": "RS256", "kid": self.kid, **(headers or {})}
        key = "" if merged["alg"] == "none" else self.private_key
        return jwt.encode(dict(claims), key, algorithm=merged["alg"], headers=merged)


#: The audience that Microsoft recommends for tokens that are exchanged at Entra.
TOKEN_EXCHANGE = "api://AzureADTokenExchange"

#: How an issuer's key may be given: as a key of this package, a JWK or a set of them, or a public key or certificate.
IssuerKey: TypeAlias = SigningKeyPair | Mapping[str, Any] | bytes | str


def issuer_keys(key: IssuerKey) -> tuple[tuple[str | None, rsa.RSAPublicKey], ...]:
    """Read an issuer's keys."""
    if isinstance(key, SigningKeyPair):
        return ((key.kid, key.private_key.public_key()),)
    if isinstance(key, Mapping):
        return tuple((each.get("kid"), _rsa(jwt.PyJWK(dict(each)).key)) for each in key.get("keys", [key]))
    pem = key.encode() if isinstance(key, str) else key
    if b"BEGIN CERTIFICATE" in pem:
        return ((None, _rsa(x509.load_pem_x509_certificate(pem).public_key())),)
    return ((None, _rsa(load_pem_public_key(pem))),)


@lru_cache(maxsize=64)
def first_key(tenant_id: str) -> SigningKeyPair:
    """The key that a tenant begins with, made once in a process: making one takes longer than most tests do."""
    del tenant_id
    return SigningKeyPair.generate()


class TenantKeys:
    """The keys of a tenant: the newest signs, and all are published. The first is made when it is first needed."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._keys: list[SigningKeyPair] = []

    @property
    def current(self) -> SigningKeyPair:
        """The key that signs now."""
        if not self._keys:
            self._keys.append(first_key(self._tenant_id))
        return self._keys[-1]

    def rotate(self) -> SigningKeyPair:
        """Sign with a new key from now on; the old ones stay published."""
        _ = self.current
        self._keys.append(SigningKeyPair.generate())
        return self._keys[-1]

    def jwks(self, issuer: str) -> dict[str, Any]:
        """The key set document."""
        _ = self.current
        return {"keys": [key.jwk(issuer) for key in self._keys]}

    def verify_signature(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of these keys signed; raises ``jwt.InvalidTokenError`` for any other."""
        kid = jwt.get_unverified_header(token).get("kid")
        for key in self._keys:
            if key.kid == kid:
                options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
                return jwt.decode(token, key.private_key.public_key(), algorithms=["RS256"], options=options)
        raise jwt.InvalidSignatureError("no published key has the id that the token names")


def _rsa(key: Any) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("An issuer's key is an RSA key: Entra accepts RS256 alone.")
    return key


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
