"""Signed tokens from outside (RFC 7515, compact form), read apart and verified with a key.

Not PyJWT's decoder: azure-identity's async credentials pad the parts of their assertions with ``=``, which Entra takes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from webidentity._json import parse_object
from webidentity.testing._errors import TenantError

_SKEW = 300


@dataclass(frozen=True, slots=True)
class Jws:
    """One token: nothing in it is certain before :meth:`is_signed_with`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, token: str) -> Jws:
        """Take a token apart, or refuse what is none."""
        malformed = TenantError(50027, "JWT token is invalid or malformed.")
        try:
            head, body, signature = token.split(".")
            header, claims = parse_object(_decode(head)), parse_object(_decode(body))
            signed, signature_bytes = f"{head}.{body}".encode("ascii"), _decode(signature)
        except ValueError:
            raise malformed from None
        if header is None or claims is None:
            raise malformed
        return cls(header, claims, signed, signature_bytes)

    def is_signed_with(self, key: rsa.RSAPublicKey, *algorithms: str) -> bool:
        """Whether the key's owner signed it, with one of the algorithms (RS256, PS256)."""
        algorithm = self.header.get("alg")
        if algorithm not in algorithms:
            return False
        scheme = (
            padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
            if algorithm == "PS256"
            else padding.PKCS1v15()
        )
        try:
            key.verify(self.signature, self.signed, scheme, hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def is_valid_at(self, now: float) -> bool:
        """Whether it has begun, and has not ended (RFC 7519, section 4.1); one without an end is not.

        The client's clock may be ahead of the tenant's by as much as Entra allows.
        """
        begins, ends = _time(self.claims.get("nbf", 0)), _time(self.claims.get("exp"))
        return begins is not None and ends is not None and begins - _SKEW <= now < ends


def _time(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _decode(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error
