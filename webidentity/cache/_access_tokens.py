"""The access tokens of one partition."""

import math
from collections.abc import Mapping
from typing import Any

Entry = dict[str, Any]
#: Entries that are copied together. With n tokens, a copy takes n / 128 steps, and a change copies 128 entries.
_SIZE = 128


class AccessTokens:
    """Access tokens by MSAL's keys, oldest first.

    A copy shares its entries with the original. Each of them copies a part of the entries before it changes that part,
    so that a copy costs little even if there are thousands of tokens.
    """

    __slots__ = ("_parts",)

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._parts: list[_Part] = []
        for key, entry in entries.items():
            self._append(key, entry)

    def __len__(self) -> int:
        return sum(len(part.entries) for part in self._parts)

    def copy(self) -> "AccessTokens":
        """Return a copy that can be changed while other threads read this object."""
        for part in self._parts:
            part.is_shared = True
        copied = AccessTokens({})
        copied._parts = list(self._parts)
        return copied

    def to_dict(self) -> dict[str, Entry]:
        """Return all entries."""
        return {key: entry for part in self._parts for key, entry in part.entries.items()}

    def add(self, key: str, entry: Entry) -> None:
        """Add the entry at the end, in place of an earlier one with the key."""
        for position, part in enumerate(self._parts):
            if key in part.entries:
                self._remove(position, [key])
                break
        self._append(key, entry)

    def drop_expired(self, now: float) -> None:
        """Remove the entries that expired at ``now`` or before (Unix seconds)."""
        for position, part in reversed(list(enumerate(self._parts))):
            if part.first_expires_on <= now:
                self._remove(position, [key for key, entry in part.entries.items() if int(entry["expires_on"]) <= now])

    def newest(self, scopes: set[str], now: float) -> Entry | None:
        """Return the newest entry that includes the scopes and expires after ``now`` (Unix seconds)."""
        for part in reversed(self._parts):
            if scopes <= part.scopes and part.last_expires_on > now:
                for entry in reversed(part.entries.values()):
                    if scopes.issubset(entry["target"].split()) and int(entry["expires_on"]) > now:
                        return entry
        return None

    def _append(self, key: str, entry: Entry) -> None:
        if not self._parts or len(self._parts[-1].entries) >= _SIZE:
            self._parts.append(_Part({}))
        self._own(len(self._parts) - 1).add(key, entry)

    def _remove(self, position: int, keys: list[str]) -> None:
        gone = set(keys)
        kept = {key: entry for key, entry in self._parts[position].entries.items() if key not in gone}
        self._parts[position : position + 1] = [_Part(kept)] if kept else []

    def _own(self, position: int) -> "_Part":
        """Return the part, after copying it if another object has it too."""
        if self._parts[position].is_shared:
            self._parts[position] = self._parts[position].copy()
        return self._parts[position]


class _Part:
    """Some entries, and what is known of them without reading each one."""

    __slots__ = ("entries", "first_expires_on", "is_shared", "last_expires_on", "scopes")

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries: dict[str, Entry] = {}
        #: The scopes of all entries.
        self.scopes: set[str] = set()
        self.first_expires_on = math.inf
        self.last_expires_on = -math.inf
        #: Whether several objects have it, so that none of them may change it.
        self.is_shared = False
        for key, entry in entries.items():
            self.add(key, entry)

    def copy(self) -> "_Part":
        copied = _Part({})
        copied.entries, copied.scopes = dict(self.entries), set(self.scopes)
        copied.first_expires_on, copied.last_expires_on = self.first_expires_on, self.last_expires_on
        return copied

    def add(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        self.scopes.update(entry["target"].split())
        expires_on = int(entry["expires_on"])
        self.first_expires_on = min(self.first_expires_on, expires_on)
        self.last_expires_on = max(self.last_expires_on, expires_on)
