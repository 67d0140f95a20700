"""What Azure CLI and Azure Developer CLI print."""

import datetime as dt
import re
from typing import Any

from azure.core.credentials import AccessTokenInfo

from webidentity.json_object import as_object, as_text, parse_object
from webidentity.protocol.access_token import OpaqueAccessTokenInfo
from webidentity.protocol.token_reply import scrub

#: Compiled by the first error, not by the import: a member of a JSON object that holds a token, also where the text
#: breaks off; and what looks like a token.
_MEMBER = r"""(?i)(["'][\w-]*token["']\s*:\s*)(?:"[^"]*(?:"|$)|'[^']*(?:'|$))"""
_LONG = r"[\w.~+/=-]{100,}"
#: The same, broken into lines at the width of a screen: all but the last of them are full. An address is no such line.
_LINES = r"(?<![\w.~+/=-])(?!//)(?:[\w.~+/=-]{60,}[^\S\n]*\n\s*)+[\w.~+/=-]+"
#: What the script for PowerShell prints before a token.
_MARKED = r"\b(azsdk%)\S+"
#: Characters of an error that are looked at.
_READ = 4000
#: The last second that a datetime has: no token lives longer.
_LATEST = 253_402_300_799


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


def redact(text: str) -> str:
    """Return what a tool printed in a form that may be shown: one line, not too long, without tokens."""
    if len(text) > _READ:
        # Without the last word: a token that is cut in two may be too short to be recognized.
        text = text[:_READ].rsplit(maxsplit=1)[0]
    for pattern, shown in ((_MEMBER, r'\1"***"'), (_LINES, "***"), (_LONG, "***"), (_MARKED, r"\1***")):
        text = re.sub(pattern, shown, text)
    return scrub(text)


def _token(token: Any, expires_on: int | None) -> AccessTokenInfo | None:
    text = as_text(token)
    return None if text is None or expires_on is None else OpaqueAccessTokenInfo(text, expires_on)


def _seconds(value: Any) -> int | None:
    """A number, or its digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LATEST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Which NaN is not, nor an integer that no float can be.
    return int(value) if 0 <= value <= _LATEST else None


def _time(value: Any, *, zone: dt.tzinfo | None) -> int | None:
    """Return the Unix seconds of an ISO 8601 time; without an offset it is of the zone, or local if that is None."""
    try:
        moment = dt.datetime.fromisoformat(as_text(value) or "")
        return _seconds((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
