"""The example files that the API stores for each user."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class File:
    """The name, size and date of one file."""

    name: str
    size: str
    changed: str


ADA_FILES = (
    File("Notes on the Analytical Engine.md", "48 kB", "10 July 1843"),
    File("Note G, Bernoulli numbers.csv", "3 kB", "1 August 1843"),
    File("Letter to Mr Babbage.txt", "2 kB", "14 August 1843"),
)
GRACE_FILES = (
    File("A-0 compiler listing.txt", "112 kB", "3 May 1952"),
    File("Relay 70, panel F, one moth.jpg", "890 kB", "9 September 1947"),
    File("FLOW-MATIC manual.pdf", "1.4 MB", "20 January 1958"),
)
_WELCOME = (File("Welcome.txt", "1 kB", "today"),)


class PersonalFiles:
    """Files by user. The key is the tenant ID and the object ID, because usernames can change."""

    def __init__(self, files: Mapping[tuple[str, str], tuple[File, ...]] | None = None) -> None:
        self._files = dict(files or {})

    def for_user(self, claims: Mapping[str, Any]) -> tuple[File, ...]:
        """Return the files of a user, given verified claims. An unknown user gets a welcome file."""
        return self._files.get((claims["tid"], claims["oid"]), _WELCOME)
