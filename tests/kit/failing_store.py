"""A store whose disk is gone or full."""

import threading

from webidentity.cache._memory import MemoryStore
from webidentity.cache._store import Row, StoreUnavailableError
from webidentity.cache._sweeper import THREAD_NAME


class FailingStore(MemoryStore):
    """A store that can be made to fail. A sweep in the background is neither counted nor limited."""

    blocking = True
    is_down = False
    #: Whether it can be read only.
    refuses_writes = False
    #: How many rows may be read before it fails, if that is limited.
    loads_left: int | None = None
    #: How many rows may be written before one write fails, if that is limited.
    writes_left: int | None = None
    #: How many rows were written.
    writes = 0

    def load(self, key: str) -> Row | None:
        self._read()
        return super().load(key)

    def version(self, key: str) -> int | None:
        self._read()
        return super().version(key)

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        self._check()
        if in_a_sweep():
            return super().save(key, value, expected=expected, expires_at=expires_at)
        if self.writes_left is not None:
            if self.writes_left == 0:
                self.writes_left = None
                raise StoreUnavailableError("the disk is full")
            self.writes_left -= 1
        if self.refuses_writes:
            raise StoreUnavailableError("the disk is full")
        self.writes += 1
        return super().save(key, value, expected=expected, expires_at=expires_at)

    def _read(self) -> None:
        self._check()
        if self.loads_left is not None and not in_a_sweep():
            self.is_down = self.loads_left == 0
            self.loads_left -= 1
            self._check()

    def _check(self) -> None:
        if self.is_down:
            raise StoreUnavailableError("the disk is gone")


def in_a_sweep() -> bool:
    """Whether the caller is the thread of a sweep, which runs beside the requests."""
    return threading.current_thread().name == THREAD_NAME
