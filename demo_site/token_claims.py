"""The token claims that the demonstration shows."""

from collections.abc import Mapping
from typing import Any

import jwt

_DISPLAYED = ("aud", "azp", "scp", "preferred_username", "oid", "tid", "exp")


def displayed_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that the pages display."""
    return {name: claims[name] for name in _DISPLAYED if name in claims}


def unverified_claims(token: str) -> dict[str, Any]:
    """Return claims of a token for another service, without verification. Use them for display only.

    Only a token's audience may rely on its format. Graph tokens may be unreadable; then the result is empty.
    """
    try:
        return displayed_claims(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}
