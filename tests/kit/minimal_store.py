"""A store with the required methods alone, as a reader of the documentation may write it."""

import threading
import uuid

from webidentity.cache import Row


class MinimalStore:
    """Rows in a dictionary."""

    blocking = False

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._lock = threading.Lock()

    def load(self, key: str) -> Row | None:
        return self._rows.get(key)

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        with self._lock:
            row = self._rows.get(key)
            if expected != (row.version if row else None):
                return None
            self._rows[key] = Row(value, uuid.uuid4().int, expires_at)
            return self._rows[key].version

    def delete(self, key: str, *, expected: int | None = None) -> None:
        with self._lock:
            if key in self._rows and expected in (None, self._rows[key].version):
                del self._rows[key]

    def sweep(self, now: float) -> int:
        with self._lock:
            expired = [key for key, row in self._rows.items() if row.expires_at < now]
            return len([self._rows.pop(key) for key in expired])

    def close(self) -> None:
        pass
