"""What the framework's session holds of the sign-in: who it is, and a handle; never a token."""

from dataclasses import dataclass, field
from typing import Any

from webidentity._json import as_object, as_text
from webidentity.cache._partition import digest
from webidentity.record import AuthenticationRecord

#: The key in the framework's session.
SESSION_KEY = "webidentity"


@dataclass(frozen=True, slots=True)
class SessionState:
    """The part of a session that says who signed in.

    The handle names this session in the user's partition of the token cache; signing out removes it there, so a copied
    cookie is worth nothing afterwards.
    """

    record: AuthenticationRecord
    handle: str = field(repr=False)

    @classmethod
    def read(cls, value: Any) -> "SessionState | None":
        """Return the state that :meth:`to_json` wrote, None if it is anything else."""
        document = as_object(value) or {}
        serialized, handle = as_text(document.get("record")), as_text(document.get("handle"))
        if serialized is None or handle is None:
            return None
        try:
            return cls(AuthenticationRecord.deserialize(serialized), handle)
        except ValueError:
            return None

    def to_json(self) -> dict[str, str]:
        """Return what the session keeps, under 600 bytes."""
        return {"record": self.record.serialize(), "handle": self.handle}

    @property
    def entry(self) -> str:
        """The name of this session in the user's partition."""
        return digest(self.handle)
