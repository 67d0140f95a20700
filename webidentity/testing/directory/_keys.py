"""Signing keys: the tenant's own, published as a JSON Web Key Set (RFC 7517), and those of other issuers."""

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
    """An RSA key pair and its key id: signs the tokens of a tenant, or of an issuer that an application trusts."""

    kid: str
    private_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKeyPair:
        """Generate a 2048 bit key. Its id is derived from the public key."""
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        der = private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(_base64url(hashlib.sha256(der).digest()[:20]), private_key)

    def jwk(self, issuer: str) -> dict[str, Any]:
        """The public key as a JWK in Entra's format, with the issuer that it may sign for."""
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
        """Sign the claims as a JWT.

        :param headers: replace members of the JOSE header. ``{"alg": "none"}`` leaves the token unsigned.
        """
        merged = {"typ": "JWT", "alg": "RS256", "kid": self.kid, **(headers or {})}
        key = "" if merged["alg"] == "none" else self.private_key
        return jwt.encode(dict(claims), key, algorithm=merged["alg"], headers=merged)


#: The audience that Microsoft recommends for federated tokens.
TOKEN_EXCHANGE = "api://AzureADTokenExchange"

#: The accepted forms of an issuer's key: a key pair, a JWK or JWK set, or a public key or certificate in PEM.
IssuerKey: TypeAlias = SigningKeyPair | Mapping[str, Any] | bytes | str


def issuer_keys(key: IssuerKey) -> tuple[tuple[str | None, rsa.RSAPublicKey], ...]:
    """Read an issuer's public keys, each with its key id or None."""
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
    """The first key of a tenant. Cached per process, because generating a key takes longer than most tests."""
    del tenant_id
    return SigningKeyPair.generate()


class TenantKeys:
    """The keys of a tenant: the newest one signs, and all are published. The first is generated on first use."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._keys: list[SigningKeyPair] = []

    @property
    def current(self) -> SigningKeyPair:
        """The key that signs new tokens."""
        if not self._keys:
            self._keys.append(first_key(self._tenant_id))
        return self._keys[-1]

    def rotate(self) -> SigningKeyPair:
        """Start signing with a new key. The old ones stay published."""
        _ = self.current
        self._keys.append(SigningKeyPair.generate())
        return self._keys[-1]

    def jwks(self, issuer: str) -> dict[str, Any]:
        """The published JSON Web Key Set."""
        _ = self.current
        return {"keys": [key.jwk(issuer) for key in self._keys]}

    def verify_signature(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of these keys signed.

        :raises jwt.InvalidTokenError: another key signed it, or it is malformed.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        for key in self._keys:
            if key.kid == kid:
                options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
                return jwt.decode(token, key.private_key.public_key(), algorithms=["RS256"], options=options)
        raise jwt.InvalidSignatureError("no published key has the id that the token names")


def _rsa(key: Any) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("An issuer's key must be an RSA key: Entra accepts only RS256.")
    return key


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
