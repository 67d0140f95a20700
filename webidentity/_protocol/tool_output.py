"""What Azure CLI and Azure Developer CLI print."""

import datetime as dt
import math
from typing import Any

from azure.core.credentials import AccessTokenInfo

from webidentity._json import as_object, as_seconds, as_text, parse_object
from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.redaction import redact


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
