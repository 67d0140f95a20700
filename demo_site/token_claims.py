"""The claims of a token that may be shown to people."""

from collections.abc import Mapping
from typing import Any

import jwt

SHOWN = ("aud", "azp", "scp", "preferred_username", "oid", "tid", "exp")


def shown(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims worth showing."""
    return {name: claims[name] for name in SHOWN if name in claims}


def peek(token: str) -> dict[str, Any]:
    """Return the claims of somebody else's token, unverified, to be shown and for nothing else.

    A token is for its audience alone: real Graph tokens need not be readable, and then nothing is returned.
    """
    try:
        return shown(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}
