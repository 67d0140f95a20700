"""What goes into the command line of a developer's tool."""

import re
from base64 import b64encode
from collections.abc import Sequence

# Nothing of a shell is among them: on Windows az is a batch file, whose arguments cmd.exe parses.
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]+", re.ASCII)
_SUBSCRIPTION = re.compile(r"[A-Za-z0-9_. -]+", re.ASCII)


def check_scopes(scopes: Sequence[str]) -> None:
    """Check that the scopes have no characters but those of scopes.

    :raises ValueError: one of them has others.
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


def encode_claims(claims: str) -> str:
    """Return the claims challenge as the tools take it."""
    return b64encode(claims.encode()).decode()
