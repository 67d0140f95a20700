"""Until when a host's token is valid: hosts say it in several ways."""

import datetime as dt
import re
from calendar import timegm
from collections.abc import Mapping
from typing import Any

from webidentity._json import as_seconds
from webidentity._protocol.token_reply import read_refresh_in

#: "06/20/2019 02:57:58 +00:00" on Linux, "1/16/2020 5:24:12 AM +00:00" on Windows (App Service, API 2017-09-01).
_DATE = r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?: ([AP]M))? \+00:00"
#: No token lives for so many seconds: what says so is not a lifetime.
_NEVER = 10 * 366 * 24 * 3600


def read_lifetime(document: Mapping[str, Any], now: int) -> tuple[int, int | None] | None:
    """Return when the token expires and when it should be renewed (Unix seconds); None if the host does not say.

    ``expires_in`` comes first: it needs no agreement of clocks.

    :param now: when the token was asked for.
    """
    expires_in = as_seconds(document.get("expires_in"))
    if expires_in is None:
        expires_on = as_seconds(document.get("expires_on"))
        if expires_on is None:
            expires_on = _date(document.get("expires_on"))
        if expires_on is None:
            return None
        expires_in = max(expires_on - now, 0)
    if expires_in > _NEVER:
        return None
    refresh_in = read_refresh_in(document, expires_in)
    return now + expires_in, None if refresh_in is None else now + refresh_in


def _date(value: object) -> int | None:
    # No strptime: its AM and PM are those of the process's language.
    found = re.fullmatch(_DATE, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    month, day, year, hour, minute, second = (int(part) for part in found.groups()[:6])
    half = found[7]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    try:
        return timegm(dt.datetime(year, month, day, hour, minute, second).timetuple())  # noqa: DTZ001 - it is UTC
    except ValueError:
        return None
