"""The header ``Retry-After``: how long a server asks to wait."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a ``Retry-After`` header (RFC 9110 section 10.2.3), or None if it is not valid."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        return max(date.replace(tzinfo=date.tzinfo or dt.UTC).timestamp() - now, 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
