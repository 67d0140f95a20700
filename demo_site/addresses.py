"""Where the parts of the demonstration are reached."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """Base URLs, without a trailing slash."""

    api: str
    flask: str
    django: str
