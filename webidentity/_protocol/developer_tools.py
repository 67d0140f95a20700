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

# No characters that a shell interprets: on Windows, az is a batch file, whose arguments cmd.exe parses.
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]+", re.ASCII)
_SUBSCRIPTION = re.compile(r"[A-Za-z0-9_. -]+", re.ASCII)


def check_scopes(scopes: Sequence[str]) -> None:
    """Check that the scopes contain only characters that are valid in scopes.

    :raises ValueError: a scope has other characters.
    """
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError(
            "An invalid scope was provided. Only alphanumeric characters, '.', '-', '_', ':', and '/' are allowed."
        )


def check_subscription(subscription: str) -> None:
    """Check that the subscription, a GUID or a name, contains only characters that are safe in a command line.

    :raises ValueError: it has other characters.
    """
    if not _SUBSCRIPTION.fullmatch(subscription):
        raise ValueError(
            f"Subscription {subscription!r} contains invalid characters. If this is its name, use its ID instead: the "
            "Azure portal shows it under Subscriptions."
        )


def encode_claims(claims: str) -> str:
    """Return the claims in base64, as the tools expect them."""
    return b64encode(claims.encode()).decode()


def read_azure_cli(output: str) -> AccessTokenInfo | None:
    """Return the token that ``az account get-access-token`` printed, or None if the output is something else.

    ``expires_on``, in Unix seconds, is preferred. Versions before 2.54 print only ``expiresOn``, a local time without
    a zone.
    """
    document = parse_object(output) or {}
    expires_on = _seconds(document.get("expires_on"))
    if expires_on is None:
        expires_on = _time(document.get("expiresOn"), zone=None)
    return _token(document.get("accessToken"), expires_on)


def read_developer_cli(output: str) -> AccessTokenInfo | None:
    """Return the token that ``azd auth token`` printed, or None if the output is something else.

    Its ``expiresOn`` is in UTC.
    """
    document = parse_object(output) or {}
    return _token(document.get("token"), _time(document.get("expiresOn"), zone=dt.UTC))


def developer_cli_error(output: str) -> str | None:
    """Return the error message in the lines of JSON that azd printed, or None.

    Newer versions print an object with ``error``, older ones a ``consoleMessage`` with the ``message`` in ``data``.
    """
    message: str | None = None
    for line in output.splitlines():
        document = parse_object(line) or {}
        error = (as_text(document.get("error")) or "").strip()
        if error:
            return redact(error)
        data = as_object(document.get("data")) or {}
        message = message or (as_text(data.get("message")) or "").strip()
    return redact(message) if message else None


def _token(token: Any, expires_on: int | None) -> AccessTokenInfo | None:
    text = as_text(token)
    return None if text is None or expires_on is None else OpaqueAccessTokenInfo(text, expires_on)


def _seconds(value: Any) -> int | None:
    """Return the Unix seconds, rounded down if the number has a fraction."""
    return as_seconds(int(value) if isinstance(value, float) and math.isfinite(value) else value)


def _time(value: Any, *, zone: dt.tzinfo | None) -> int | None:
    """Return the Unix seconds of an ISO 8601 time. Without an offset, it is in the zone, or local if that is None."""
    try:
        moment = dt.datetime.fromisoformat(as_text(value) or "")
        return _seconds((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
