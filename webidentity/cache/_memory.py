"""A store in the memory of one process."""

import itertools
import threading

from webidentity._fork import renew_after_fork
from webidentity.cache._store import Row


class MemoryStore:
    """Keeps rows in the memory of this process, for all its threads. They are lost when the process ends.

    For development, tests, and sites with one process whose users may have to sign in again after a restart.
    """

    blocking = False

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._versions = itertools.count(1)
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Continue in a forked child with a copy of the parent's rows."""
        self._lock = threading.Lock()

    def load(self, key: str) -> Row | None:
        """Return the row, even if it has expired; None if there is no row."""
        return self._rows.get(key)

    def version(self, key: str) -> int | None:
        """Return the version of the row, even if it has expired; None if there is no row."""
        row = self._rows.get(key)
        return None if row is None else row.version

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        """Write the row if its version is ``expected``, or, for None, if there is no row; see :meth:`Store.save`."""
        with self._lock:
            row = self._rows.get(key)
            if (row.version if row else None) != expected:
                return None
            version = next(self._versions)
            self._rows[key] = Row(value, version, expires_at)
            return version

    def delete(self, key: str, *, expected: int | None = None) -> None:
        """Remove the row if there is one, and if its version is ``expected`` or ``expected`` is None."""
        with self._lock:
            row = self._rows.get(key)
            if row is not None and expected in (None, row.version):
                del self._rows[key]

    def sweep(self, now: float) -> int:
        """Remove the rows that expired before ``now`` and return how many there were."""
        with self._lock:
            expired = [key for key, row in self._rows.items() if row.expires_at < now]
            for key in expired:
                del self._rows[key]
            return len(expired)

    def close(self) -> None:
        """Do nothing. The rows stay."""
