"""Why a host is unavailable, in words that may be logged, and how long it asks to wait.

Messages of HTTP libraries contain URLs and addresses of objects, and the reason somewhere in between. A server that
answers may name the time in the header ``Retry-After``.
"""

import re
from collections.abc import Iterator

from webidentity.errors import AuthorityUnavailableError

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (ConnectionError, "the connection was closed"),
    (TimeoutError, "no answer in time"),
)


def reason_of(error: BaseException) -> str:
    """Return why a request failed: the first known reason among the error and its causes, or the name of its class."""
    # Imported at the first error.
    import ssl

    if isinstance(error, AuthorityUnavailableError):
        return error.message.rstrip(".")
    for cause in _causes(error):
        if type(cause).__name__ == "gaierror":  # of the module socket, which this layer does not import
            return "the name of the host was not found"
        if isinstance(cause, ssl.SSLError):
            # verify_message names the problem of the certificate, and perhaps the host.
            detail = getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "the handshake failed"
            return f"TLS failed: {str(detail).rstrip('.')}"
        for kind, reason in _REASONS:
            if isinstance(cause, kind):
                return reason
        # HTTP libraries have classes of their own, too.
        if "Timeout" in type(cause).__name__:
            return "no answer in time"
        if "Disconnected" in type(cause).__name__:
            return "the connection was closed"
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return the error and everything that caused it, as HTTP libraries and azure-core keep it."""
    seen, left = set[int](), [error]
    while left:
        current = left.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        related = (
            getattr(current, "inner_exception", None),  # azure-core
            getattr(current, "reason", None),  # urllib3
            getattr(current, "os_error", None),  # aiohttp
            current.__cause__,
            current.__context__,
            *current.args,
        )
        left += [item for item in related if isinstance(item, BaseException)]


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a ``Retry-After`` header (RFC 9110 section 10.2.3), or None if it is not valid."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    # Imported lazily: most servers send seconds, not a date.
    import datetime as dt
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        return max(date.replace(tzinfo=date.tzinfo or dt.UTC).timestamp() - now, 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
