"""What a store is: rows that are replaced by compare-and-swap."""

from typing import NamedTuple, Protocol


class StoreUnavailableError(Exception):
    """The store cannot be read or written now; the message says which, and what to look at."""


class Row(NamedTuple):
    """One stored value."""

    value: bytes
    #: Differs after every save, also after a delete and a new save.
    version: int
    #: Unix seconds after which :meth:`Store.sweep` may remove the row.
    expires_at: float

    def __repr__(self) -> str:
        """No value."""
        return f"Row(version={self.version}, expires_at={self.expires_at})"


class Store(Protocol):
    """Rows by key, shared by the threads, processes or machines that share the store.

    Keys and values are opaque: the cache has already hashed the one and encrypted the other.
    """

    #: Whether a call may wait for a disk or a network, so that an event loop calls it on a thread.
    blocking: bool

    def load(self, key: str) -> Row | None:
        """Return the row; one that has expired may be returned or not.

        :raises StoreUnavailableError: the store cannot be read.
        """
        ...

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        """Replace the row if its version is the expected one, or insert it if None is expected.

        :returns: the new version, or None when somebody else was faster and nothing was written.
        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the row, if there is one.

        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def sweep(self, now: float) -> int:
        """Remove the rows that expired before ``now`` and return how many there were; 0 if they go by themselves.

        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def close(self) -> None:
        """Release what the store holds open; a later call opens it again."""
        ...
