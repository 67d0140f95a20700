"""How long a server asks to be left alone (RFC 9110, section 10.2.3)."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that the header says, as a number or as a date; None if it says nothing that can be read."""
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
