"""Command lines of the developer tools, and the output of Azure CLI and Azure Developer CLI."""

import datetime as dt
import math
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from azure.core.credentials import AccessTokenInfo

from webidentity._json import as_object, as_seconds, as_text, parse_object
from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.redaction import redact

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


def read_azure_cli(output: str) -> AccessTokenInfo | None:
    """Return the token that ``az account get-access-token`` printed, or None if it printed something else.

    ``expires_on``, in Unix seconds, is preferred. Versions before 2.54 print ``expiresOn`` only, a local time without
    a zone.
    """
    document = parse_object(output) or {}
    expires_on = _seconds(document.get("expires_on"))
    if expires_on is None:
        expires_on = _time(document.get("expiresOn"), zone=None)
    return _token(document.get("accessToken"), expires_on)


def read_developer_cli(output: str) -> AccessTokenInfo | None:
    """Return the token that ``azd auth token`` printed, or None if it printed something else.

    Its ``expiresOn`` is in UTC, as the Z at its end says.
    """
    document = parse_object(output) or {}
    return _token(document.get("token"), _time(document.get("expiresOn"), zone=dt.UTC))


def developer_cli_error(output: str) -> str | None:
    """Return the message among the lines of JSON with which azd reports an error; None if there is none.

    Newer versions print an object with ``error``; older ones a ``consoleMessage`` whose ``data`` has the ``message``.
    """
    said: str | None = None
    for line in output.splitlines():
        document = parse_object(line) or {}
        error = (as_text(document.get("error")) or "").strip()
        if error:
            return redact(error)
        data = as_object(document.get("data")) or {}
        said = said or (as_text(data.get("message")) or "").strip()
    return redact(said) if said else None


def _token(token: Any, expires_on: int | None) -> AccessTokenInfo | None:
    text = as_text(token)
    return None if text is None or expires_on is None else OpaqueAccessTokenInfo(text, expires_on)


def _seconds(value: Any) -> int | None:
    """Return the Unix seconds, also of a number with a fraction."""
    return as_seconds(int(value) if isinstance(value, float) and math.isfinite(value) else value)


def _time(value: Any, *, zone: dt.tzinfo | None) -> int | None:
    """Return the Unix seconds of an ISO 8601 time; without an offset it is of the zone, or local if that is None."""
    try:
        moment = dt.datetime.fromisoformat(as_text(value) or "")
        return _seconds((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
