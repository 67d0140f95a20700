"""What goes into the command line of a developer's tool."""

import re
from base64 import b64encode
from collections.abc import Sequence

# Nothing of a shell is among them: on Windows az is a batch file, whose arguments cmd.exe parses.
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]+", re.ASCII)
_SUBSCRIPTION = re.compile(r"[A-Za-z0-9_. -]+", re.ASCII)
_DEFAULT = "/.default"


def check_scopes(scopes: Sequence[str]) -> None:
    """Check that the scopes have no characters but those of scopes.

    :raises ValueError: one of them has.
    """
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError(
            "An invalid scope was provided. Only alphanumeric characters, '.', '-', '_', ':', and '/' are allowed."
        )


def check_subscription(subscription: str) -> None:
    """Check that the subscription, a GUID or a name, has no characters but those that a tool may be given.

    :raises ValueError: it has.
    """
    if not _SUBSCRIPTION.fullmatch(subscription):
        raise ValueError(
            f"Subscription {subscription!r} contains invalid characters. If this is its name, use its ID instead: the "
            "Azure portal shows it under Subscriptions."
        )


def resource_of(scopes: Sequence[str]) -> str:
    """Return the resource that the one scope is for, as the v1.0 protocol names it.

    :raises ValueError: there are several scopes, or one is malformed.
    """
    if len(scopes) != 1:
        raise ValueError("This credential requires exactly one scope per token request.")
    check_scopes(scopes)
    return scopes[0].removesuffix(_DEFAULT)


def encode_claims(claims: str) -> str:
    """Return the claims challenge as the tools take it."""
    return b64encode(claims.encode()).decode()
