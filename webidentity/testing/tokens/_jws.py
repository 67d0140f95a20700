"""Parse and verify JWTs of other issuers (RFC 7515, compact serialization).

PyJWT cannot decode all of them: azure-identity's async credentials pad the parts of their assertions with ``=``, which
Entra accepts.
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
    """A parsed token. Do not trust its content before :meth:`is_signed_with` has returned True."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, token: str) -> Jws:
        """Parse a token.

        :raises TenantError: it is malformed (AADSTS50027).
        """
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
        """Whether this key signed the token, with one of these algorithms (RS256, PS256)."""
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
        """Whether ``now`` is between ``nbf`` and ``exp`` (RFC 7519, section 4.1). A token without ``exp`` is not valid.

        As in Entra, the client's clock may be up to five minutes ahead.
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
