"""The text of a response, whatever its headers say of it."""

from typing import Any


def read_text(response: Any) -> str:
    """Return the text, or "" if it is in an encoding that is unknown, or not in the one it says: a proxy's page."""
    try:
        text: str = response.text()
    except (LookupError, ValueError):
        return ""
    return text
