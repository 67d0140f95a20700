"""Proof Key for Code Exchange (RFC 7636)."""

import hashlib
import secrets
from base64 import urlsafe_b64encode


def new_verifier() -> str:
    """Return a verifier of 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of the verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
