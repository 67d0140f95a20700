"""The addresses of the servers in the demonstration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """The base URL of each server, without a trailing slash."""

    api: str
    flask: str
    django: str
