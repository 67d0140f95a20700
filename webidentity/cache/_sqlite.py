"""A store in an SQLite file."""

import errno
import os
import secrets
import sqlite3
import stat
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from webidentity._fork import renew_after_fork
from webidentity.cache._store import Row, StoreUnavailableError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at REAL NOT NULL, value BLOB NOT NULL
) WITHOUT ROWID
"""


class _Connection(sqlite3.Connection):
    #: Device and inode of the file that was opened.
    file: tuple[int, int]


class SQLiteStore:
    """Keeps rows in an SQLite file that any number of threads and processes of one machine share.

    The file has mode 0600. It is used in WAL mode: readers and the writer do not wait for each other, and the file must
    not be on a network file system.

    :param path: the file. Its folder is created with mode 0700 if it does not exist.
    :param timeout: seconds to wait for another process that is writing.

    All methods raise :class:`StoreUnavailableError` if the file cannot be used, or is locked for ``timeout`` seconds.
    """

    blocking = True

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 10.0) -> None:
        self.path: Path = Path(path)
        self._timeout = timeout
        self._idle: list[_Connection] = []
        self._inherited: list[_Connection] = []
        self._lock = threading.Lock()
        renew_after_fork(self)
        # A store that is garbage collected leaves no connection open.
        weakref.finalize(self, _close_all, self._idle)

    def before_fork(self) -> None:
        """Close the idle connections: a child would inherit SQLite's record of the locks on them, but not the locks."""
        # The thread that forks may itself hold the lock.
        if not self._lock.acquire(blocking=False):
            return
        try:
            _close_all(self._idle)
        finally:
            self._lock.release()

    def after_fork(self) -> None:
        """Set the parent's connections aside: a forked child must neither use nor close them."""
        self._lock = threading.Lock()
        self._inherited += self._idle
        self._idle.clear()

    def load(self, key: str) -> Row | None:
        """Return the row, even if it has expired; None if there is no row."""
        with self._connection() as connection:
            found = connection.execute(
                "SELECT value, version, expires_at FROM entries WHERE key = ?", (key,)
            ).fetchone()
        return Row(*found) if found else None

    def version(self, key: str) -> int | None:
        """Return the version of the row, even if it has expired; None if there is no row."""
        with self._connection() as connection:
            found = connection.execute("SELECT version FROM entries WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        """Write the row if its version is ``expected``, or, for None, if there is no row; see :meth:`Store.save`."""
        # Random, so that a row that is deleted and inserted again never gets a version that another process still has.
        version = secrets.randbits(62)
        with self._connection() as connection:
            if expected is None:
                cursor = connection.execute(
                    "INSERT INTO entries (key, version, expires_at, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (key, version, expires_at, value),
                )
            else:
                cursor = connection.execute(
                    "UPDATE entries SET version = ?, expires_at = ?, value = ? WHERE key = ? AND version = ?",
                    (version, expires_at, value, key, expected),
                )
            return version if cursor.rowcount == 1 else None

    def delete(self, key: str, *, expected: int | None = None) -> None:
        """Remove the row if there is one, and if its version is ``expected`` or ``expected`` is None."""
        with self._connection() as connection:
            connection.execute("DELETE FROM entries WHERE key = ? AND version = ifnull(?, version)", (key, expected))

    def sweep(self, now: float) -> int:
        """Remove the rows that expired before ``now`` (Unix seconds) and return how many there were."""
        with self._connection() as connection:
            return connection.execute("DELETE FROM entries WHERE expires_at < ?", (now,)).rowcount

    def close(self) -> None:
        """Close the idle connections. A later call opens new ones."""
        with self._lock:
            _close_all(self._idle)

    @contextmanager
    def _connection(self) -> Generator[_Connection, None, None]:
        """Use a connection in one thread at a time, and keep it for the next call."""
        try:
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            with self._lock:
                self._idle.append(connection)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailableError(
                f"the token cache {self.path} cannot be used ({error}): is the folder writable, is the disk full, is "
                "the file an SQLite database?"
            ) from error

    def _take(self) -> _Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._open()
            # A connection keeps the file that it opened, even if that was deleted or replaced. Other processes would
            # not see what is written to it.
            if connection.file == self._file():
                return connection
            connection.close()

    def _file(self) -> tuple[int, int] | None:
        """Return device and inode of the file that has the path now; None if there is no file."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> _Connection:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() <= deadline:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._protect()
            file = self._file()
            connection = sqlite3.connect(
                self.path,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=16,
                factory=_Connection,
            )
            try:
                self._prepare(connection)
                if file is not None and file == self._file():
                    connection.file = file
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
        raise OSError(errno.EBUSY, "the file is replaced again and again", str(self.path))

    def _protect(self) -> None:
        """Set the mode of the file to 0600 before SQLite opens it. SQLite gives -wal and -shm the same mode.

        An existing file is never opened here: closing any descriptor of it would drop the locks that this process's
        connections hold on it (POSIX fcntl locks; sqlite.org/howtocorrupt.html section 2.2), and another process could
        then delete the write-ahead log that they use.
        """
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600))
        except FileExistsError:
            found = os.lstat(self.path)
            if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
                raise OSError(errno.EPERM, "not a regular file of this user", str(self.path)) from None
            if stat.S_IMODE(found.st_mode) != 0o600:
                os.chmod(self.path, 0o600)

    def _prepare(self, connection: _Connection) -> None:
        """Set up the connection. SQLite does not wait when several switch a new file to WAL at once, so retry."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(_SCHEMA)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return


def _close_all(connections: list[_Connection]) -> None:
    while connections:
        connections.pop().close()
