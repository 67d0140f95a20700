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
from typing import Any

from webidentity._fork import handle_forks
from webidentity.cache._sqlite_layout import lay_out
from webidentity.cache._store import Row, StoreUnavailableError

#: A sweep removes this many rows in one transaction, and then pauses for others that want to write.
_BATCH = 200
#: Pause for _PAUSE times the duration of the transaction, at least _SHORTEST_PAUSE seconds.
_PAUSE, _SHORTEST_PAUSE = 2.0, 0.005
#: Seconds that a fork waits for a transaction of a sweep.
_LONGEST_FORK = 1.0
_SWEEP = """
DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires_at < ? ORDER BY expires_at LIMIT ?)
"""


class _Connection(sqlite3.Connection):
    #: Device and inode of the file that was opened.
    file: tuple[int, int]
    #: Whether it waits for a file that is locked.
    waits: bool = True


class SQLiteStore:
    """Keeps rows in an SQLite file that any number of threads and processes of one machine share.

    The file has mode 0600. It is used in WAL mode: readers and the writer do not wait for each other, and the file must
    not be on a network file system.

    :param path: the file. Its folder is created with mode 0700 if it does not exist.
    :param timeout: seconds to wait for another process that is writing.

    All methods raise :class:`StoreUnavailableError` if the file cannot be used, or is locked for ``timeout`` seconds.
    """

    blocking = True
    quick_reads = True

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 10.0) -> None:
        self.path: Path = Path(path)
        self._name = os.fspath(path)
        self._timeout = timeout
        # Connections that no call uses at the moment. The methods of a list that are used here are atomic.
        self._idle: list[_Connection] = []
        self._inherited: list[_Connection] = []
        self._closed = threading.Event()
        # Held during each transaction of a sweep, so that no process is forked in the middle of one.
        self._sweeping = threading.Lock()
        #: The thread that holds it because it forks.
        self._forking_thread: int | None = None
        handle_forks(self)
        # A store that is garbage collected leaves no connection open.
        weakref.finalize(self, _close_all, self._idle)

    def before_fork(self) -> None:
        """Wait for the running transaction of a sweep, at most one second, and close the idle connections.

        A child would inherit SQLite's record of the locks on their files, but not the locks.
        """
        if self._sweeping.acquire(timeout=_LONGEST_FORK):
            self._forking_thread = threading.get_ident()
        _close_all(self._idle)

    def after_fork_in_parent(self) -> None:
        """Let a sweep continue, unless another thread is forking."""
        if self._forking_thread == threading.get_ident():
            self._forking_thread = None
            self._sweeping.release()

    def after_fork(self) -> None:
        """Set the parent's connections aside: a forked child must neither use nor close them."""
        self._sweeping, self._forking_thread = threading.Lock(), None
        self._inherited += self._idle
        self._idle.clear()

    def load(self, key: str, *, wait: bool = True) -> Row | None:
        """Return the row, even if it has expired; None if there is no row.

        :raises BlockingIOError: see :meth:`QuickStore.load`.
        """
        found = self._read("SELECT value, version, expires_at FROM entries WHERE key = ?", key, wait)
        return Row(*found) if found else None

    def version(self, key: str, *, wait: bool = True) -> int | None:
        """Return the version of the row, even if it has expired; None if there is no row.

        :raises BlockingIOError: see :meth:`QuickStore.version`.
        """
        found = self._read("SELECT version FROM entries WHERE key = ?", key, wait)
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
        """Remove the rows that expired before ``now`` (Unix seconds) and return how many there were.

        The rows are removed in short transactions, with pauses in which others can write. :meth:`close` ends it early.
        """
        closed, removed = self._closed, 0
        while True:
            started = time.monotonic()
            with self._sweeping, self._connection() as connection:
                rows = connection.execute(_SWEEP, (now, _BATCH)).rowcount
            removed += rows
            if rows < _BATCH:
                return removed
            if closed.wait(max(_SHORTEST_PAUSE, _PAUSE * (time.monotonic() - started))):
                _close_all(self._idle)
                return removed

    def close(self) -> None:
        """Close the idle connections, and end a sweep. A later call opens new ones."""
        self._closed.set()
        self._closed = threading.Event()
        _close_all(self._idle)

    def _read(self, statement: str, key: str, wait: bool) -> Any:
        """Return the row, or None.

        :raises BlockingIOError: the call would have to wait, and must not.
        """
        try:
            connection = self._take(wait)
            try:
                found = connection.execute(statement, (key,)).fetchone()
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            if not wait and (isinstance(error, BlockingIOError) or _is_busy(error)):
                raise _would_wait() from None
            raise self._unavailable(error) from error
        self._idle.append(connection)
        return found

    @contextmanager
    def _connection(self) -> Generator[_Connection, None, None]:
        """Use a connection in one thread at a time, and keep it for the next call."""
        try:
            connection = self._take(wait=True)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error
        self._idle.append(connection)

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"the token cache {self.path} cannot be used ({error}): is the folder writable, is the disk full, is "
            "the file an SQLite database?"
        )

    def _take(self, wait: bool) -> _Connection:
        """Return a connection that no other call uses. One that must not wait is never opened or closed here."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                if not wait:
                    raise _would_wait() from None
                return self._open()
            # A connection keeps the file that it opened, even if that was deleted or replaced. Other processes would
            # not see what is written to it.
            if connection.file == self._file():
                if connection.waits is not wait:
                    connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._timeout) if wait else 0}")
                    connection.waits = wait
                return connection
            if not wait:
                self._idle.append(connection)
                raise _would_wait()
            connection.close()

    def _file(self) -> tuple[int, int] | None:
        """Return device and inode of the file that has the path now; None if there is no file."""
        try:
            found = os.stat(self._name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> _Connection:
        deadline = time.monotonic() + self._timeout
        while True:
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
            if time.monotonic() > deadline:
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
                lay_out(connection)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _would_wait() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, "the file is locked or not open yet")


def _close_all(connections: list[_Connection]) -> None:
    while connections:
        try:
            connection = connections.pop()
        except IndexError:
            return
        connection.close()
