"""What the framework's session holds of a sign-in."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from webidentity._json import as_object, as_text
from webidentity.cache._partition import digest
from webidentity.record import AuthenticationRecord

#: The key in the framework's session.
SESSION_KEY = "webidentity"


@dataclass(frozen=True, slots=True)
class SessionState:
    """What the framework's session holds of a sign-in. Never a token.

    :param handle: names the session's entry in the user's partition of the token cache. Signing out removes the entry,
        so that a copied cookie is useless afterwards.
    """

    record: AuthenticationRecord = field(repr=False)
    handle: str = field(repr=False)
    #: The name of this session in the user's partition.
    entry: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry", digest(self.handle))

    @classmethod
    def read(cls, value: Any) -> "SessionState | None":
        """Read the output of :meth:`to_json`. Return None for any other value."""
        document = as_object(value) or {}
        serialized, handle = as_text(document.get("record")), as_text(document.get("handle"))
        return None if serialized is None or handle is None else _parsed(serialized, handle)

    def to_json(self) -> dict[str, str]:
        """Return the value to store in the session, under 600 bytes."""
        return {"record": self.record.serialize(), "handle": self.handle}

    def is_of(self, record: AuthenticationRecord) -> bool:
        """Whether this is a session of the same account."""
        return self.record.home_account_id == record.home_account_id


@lru_cache(maxsize=4096)  # A browser sends the same state with each request.
def _parsed(serialized: str, handle: str) -> SessionState | None:
    try:
        return SessionState(AuthenticationRecord.deserialize(serialized), handle)
    except ValueError:
        return None
