"""Reading JSON from untrusted sources."""

import json
from typing import Any, cast

#: The last second that a datetime can represent; later times are invalid.
_LATEST = 253_402_300_799


def parse_object(data: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object, or None if the text is anything else.

    A lone surrogate anywhere in it makes it invalid too (RFC 8259 section 8.2): such text cannot be sent or stored.
    """
    try:
        document: Any = json.loads(data)
        if not data.isascii() or ("\\u" in data if isinstance(data, str) else b"\\u" in data):
            json.dumps(document, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return None
    return as_object(document)


def as_object(value: Any) -> dict[str, Any] | None:
    """Return the value if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: Any) -> list[Any]:
    """Return the value if it is a JSON array, otherwise an empty list."""
    items: list[Any] = cast("Any", value) if isinstance(value, list) else []
    return items


def as_text(value: Any) -> str | None:
    """Return the value if it is a non-empty string."""
    return value if isinstance(value, str) and value else None


def as_seconds(value: Any) -> int | None:
    """Return the value if it is a number of seconds or a Unix time: an integer, or a string of digits.

    Entra sends numbers. AD FS and most managed identity hosts send strings.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LATEST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LATEST else None
