"""JSON objects from outside."""

import json
from typing import Any, cast


def parse_object(data: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object, or None if the text is anything else."""
    try:
        document: Any = json.loads(data)
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
