"""What only the SQLite store guarantees: files, processes and forks."""

import gc
import itertools
import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cache_updates import ADA, add_entries, claim_names
from tests.kit.forks import in_a_fork
from webidentity.cache import KeyRing, SQLiteStore, StoreUnavailableError
from webidentity.cache._sealed import SealedStore
from webidentity.cache._sqlite_layout import lay_out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that does not exist yet, in a folder that does not exist yet."""
    return tmp_path / "instance" / "tokens.sqlite3"


def test_only_the_owner_can_read_the_files(path: Path) -> None:
    """The database, its write-ahead log, the shared memory file and the folder, with any umask."""
    umask = os.umask(0)
    try:
        store = SQLiteStore(path)
        store.save("key", b"v", expected=None, expires_at=1.0)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {f"tokens.sqlite3{end}": 0o600 for end in ("", "-wal", "-shm")}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()


def test_an_existing_file_becomes_private(path: Path) -> None:
    """Its mode is changed to 0600."""
    path.parent.mkdir()
    path.touch(0o644)
    store = SQLiteStore(path)
    store.load("key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_a_file_that_is_not_a_database_is_reported(path: Path) -> None:
    """The message says which file it is and what to check. The file is not changed."""
    path.parent.mkdir()
    path.write_text("this is a thesis, not a database, and must not be overwritten\n" * 100)
    for call in (
        lambda store: store.load("key"),
        lambda store: store.save("key", b"v", expected=None, expires_at=1.0),
        lambda store: store.delete("key"),
        lambda store: store.sweep(1.0),
    ):
        with pytest.raises(StoreUnavailableError, match=r"tokens\.sqlite3 cannot be used"):
            call(SQLiteStore(path))
    assert path.read_text().startswith("this is a thesis")


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    """Other errors of the file system are explained in the same way."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match=r"tokens\.sqlite3 cannot be used"):
        SQLiteStore(tmp_path / "file" / "tokens.sqlite3").load("key")
    with pytest.raises(StoreUnavailableError, match="cannot be used"):
        SQLiteStore(tmp_path).load("key")


def test_a_locked_file_is_reported(path: Path) -> None:
    """The store raises the error after the timeout."""
    store = SQLiteStore(path, timeout=0.02)
    store.load("key")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.save("key", b"v", expected=None, expires_at=1.0)
        assert store.load("key") is None
    finally:
        other.close()
    assert store.save("key", b"v", expected=None, expires_at=1.0) is not None
    store.close()


def test_rows_outlive_the_store_object(path: Path) -> None:
    """A new store with the same file finds the row."""
    first = SQLiteStore(path)
    first.save("key", b"v", expected=None, expires_at=1.0)
    first.close()
    second = SQLiteStore(path)
    row = second.load("key")
    second.close()
    assert row is not None
    assert row.value == b"v"


def test_four_processes_lose_no_update(path: Path) -> None:
    """Each adds fifty entries to one partition of a new file. All entries are there at the end."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        pool.starmap(add_entries, [(str(path), number, 50) for number in range(4)], chunksize=1)
        pool.close()
        pool.join()
    store = SQLiteStore(path)
    cached = SealedStore(store, KeyRing("secret")).read(ADA, None)
    store.close()
    assert cached is not None
    assert set(cached.document.sessions) == {f"{process}-{count}" for process in range(4) for count in range(50)}


def test_only_one_of_four_processes_claims_a_name(path: Path) -> None:
    """The state of a sign-in is valid for one callback, in any worker."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        claimed = pool.starmap(claim_names, [(str(path), 20)] * 4, chunksize=1)
        pool.close()
        pool.join()
    assert sum(claimed) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_opens_its_own_connections(path: Path) -> None:
    """An SQLite connection must not be used after a fork, as preforking servers do."""
    store = SQLiteStore(path)
    store.save("key", b"parent", expected=None, expires_at=1.0)
    inherited = list(store._idle)
    assert inherited

    def child() -> bool:
        row = store.load("key")
        version = store.save("child", b"child", expected=None, expires_at=1.0)
        return row is not None and row.value == b"parent" and version is not None and store._idle != inherited

    assert in_a_fork(child)
    # Closed before the fork: a child would inherit SQLite's record of its locks, but not the locks.
    assert store._idle != inherited
    assert store.load("child") is not None
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_while_the_store_is_in_use_does_not_hang_the_child(path: Path) -> None:
    """The connection of another thread stays with that thread."""
    store = SQLiteStore(path)
    with store._connection():
        assert in_a_fork(lambda: store.load("key") is None)
    store.close()


def test_a_second_connection_keeps_the_locks_of_the_first(path: Path) -> None:
    """Another process that closes the store must not delete the write-ahead log that this one uses."""
    store = SQLiteStore(path)
    store.save("key", b"first", expected=None, expires_at=9e9)
    with store._connection():
        store.save("other", b"", expected=None, expires_at=9e9)
    script = (
        "import sys; from webidentity.cache import SQLiteStore; s = SQLiteStore(sys.argv[1]); s.load('key'); s.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    row = store.load("key")
    assert row is not None
    assert store.save("key", b"second", expected=row.version, expires_at=9e9) is not None
    another = SQLiteStore(path)
    seen = another.load("key")
    assert seen is not None
    assert seen.value == b"second"
    another.close()
    store.close()


def test_a_symbolic_link_is_rejected(path: Path, tmp_path: Path) -> None:
    """Another user could have chosen its target."""
    target = tmp_path / "target"
    target.write_bytes(b"")
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    with pytest.raises(StoreUnavailableError, match="not a regular file"):
        SQLiteStore(path).load("key")
    assert target.read_bytes() == b""


@pytest.mark.parametrize("end", ["deleted", "replaced", "moved"])
def test_a_file_that_is_replaced_is_opened_again(path: Path, end: str) -> None:
    """Otherwise this process would continue with a file that no other process can see."""
    store = SQLiteStore(path)
    store.save("key", b"earlier", expected=None, expires_at=9e9)
    if end == "moved":
        path.parent.rename(path.parent.with_name("moved"))
    else:
        path.unlink()
        for file in path.parent.iterdir():
            file.unlink()
    if end == "replaced":
        other = SQLiteStore(path)
        other.save("key", b"later", expected=None, expires_at=9e9)
        other.close()
    row = store.load("key")
    assert (row.value if row else None) == (b"later" if end == "replaced" else None)
    if row is None:
        assert store.save("key", b"new", expected=None, expires_at=9e9) is not None
    new = SQLiteStore(path)
    assert new.load("key") is not None
    new.close()
    store.close()
    assert not store._idle


def test_a_connection_whose_file_was_replaced_while_in_use_is_not_kept(path: Path) -> None:
    """It was opened with the file that had the name before."""
    store = SQLiteStore(path)
    store.save("key", b"earlier", expected=None, expires_at=9e9)
    with store._connection():
        for file in path.parent.iterdir():
            file.unlink()
    assert store.load("key") is None
    assert path.exists()
    store.close()


def test_a_connection_is_used_again(path: Path) -> None:
    """Opening a file takes longer than reading a row."""
    store = SQLiteStore(path)
    store.load("key")
    [connection] = store._idle
    store.load("key")
    store.save("key", b"v", expected=None, expires_at=1.0)
    assert store._idle == [connection]
    store.close()
    assert not store._idle


def test_a_connection_that_failed_is_not_used_again(path: Path) -> None:
    """It may be in the middle of a transaction."""
    store = SQLiteStore(path)
    store.load("key")
    [connection] = store._idle

    def fail() -> None:
        with store._connection():
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not store._idle
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_store_that_is_not_used_any_more_leaves_no_connection_open(path: Path) -> None:
    """Also if it was not closed."""
    store = SQLiteStore(path)
    store.load("key")
    [connection] = store._idle
    del store
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_connections_of_a_parent_are_neither_used_nor_closed(path: Path) -> None:
    """They are open in the parent. Closing one here would drop the parent's locks on the file."""
    store = SQLiteStore(path)
    store.load("key")
    [connection] = store._idle
    store.after_fork()
    assert not store._idle
    store.load("key")
    store.close()
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_a_file_that_is_replaced_again_and_again_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store cannot know which file it has opened."""
    store = SQLiteStore(path, timeout=0.05)
    numbers = itertools.count()
    monkeypatch.setattr(store, "_file", lambda: (1, next(numbers)))
    with pytest.raises(StoreUnavailableError, match="again and again"):
        store.load("key")
    assert not store._idle


def test_a_file_that_is_replaced_while_it_is_opened_is_opened_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection has the file that the path names now."""
    store = SQLiteStore(path)
    file, calls = store._file, itertools.count()
    monkeypatch.setattr(store, "_file", lambda: (1, 1) if next(calls) == 0 else file())
    assert store.load("key") is None
    assert next(calls) == 4
    store.close()


def test_a_file_of_another_user_is_rejected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That user could read the tokens."""
    path.parent.mkdir()
    path.touch(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StoreUnavailableError, match="not a regular file of this user"):
        SQLiteStore(path).load("key")


class Failing(sqlite3.Connection):
    """A connection whose first statements fail."""

    def __init__(self, *codes: int) -> None:
        super().__init__(":memory:", isolation_level=None)
        self._codes = list(codes)
        self.executed: list[str] = []

    def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
        if self._codes:
            error = sqlite3.OperationalError("failed")
            error.sqlite_errorcode = self._codes.pop(0)
            raise error
        self.executed.append(statement)
        return super().execute(statement, *parameters)


def test_a_new_file_that_others_are_setting_up_is_waited_for(path: Path) -> None:
    """SQLite itself does not wait in this case. Extended codes of the same error count too."""
    connection: Any = Failing(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
    SQLiteStore(path)._prepare(connection)
    assert connection.executed[0] == "PRAGMA journal_mode = WAL"
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (0,)
    assert not connection.in_transaction
    connection.close()


@pytest.mark.parametrize(("code", "timeout"), [(sqlite3.SQLITE_CANTOPEN, 10.0), (sqlite3.SQLITE_BUSY, -1.0)])
def test_other_failures_and_long_waits_are_reported(path: Path, code: int, timeout: float) -> None:
    """Waiting would not help, or has lasted long enough."""
    connection: Any = Failing(code)
    with pytest.raises(sqlite3.OperationalError):
        SQLiteStore(path, timeout=timeout)._prepare(connection)
    assert not connection.executed
    connection.close()


def test_a_store_that_never_waits_opens_its_file(path: Path) -> None:
    """A timeout of 0 is for an application that continues without the store."""
    store = SQLiteStore(path, timeout=0.0)
    assert store.save("key", b"v", expected=None, expires_at=9e9) is not None
    store.close()


def test_all_folders_of_the_path_are_created(tmp_path: Path) -> None:
    """A new machine has none of them."""
    store = SQLiteStore(tmp_path / "a" / "b" / "tokens.sqlite3")
    assert store.load("key") is None
    store.close()


def fill(store: SQLiteStore, rows: int, expires_at: float) -> None:
    """Add rows that expire then."""
    with store._connection() as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO entries (key, version, expires_at, value) VALUES (?, 1, ?, x'00')",
            [(f"{expires_at} {number}", expires_at) for number in range(rows)],
        )
        connection.execute("COMMIT")


def count(store: SQLiteStore) -> int:
    """Return the number of rows."""
    with store._connection() as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


class Pauses(threading.Event):
    """The event that ends a sweep: calls a function in each pause of the sweep."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__()
        self._function = function
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        self._function()
        return self.is_set()


def test_a_sweep_lets_others_write_between_its_transactions(path: Path) -> None:
    """Each removes a few hundred rows. In the pauses, another process can write without waiting."""
    store, other = SQLiteStore(path), SQLiteStore(path, timeout=0.0)
    fill(store, 1000, 1.0)
    fill(store, 10, 9.0)
    left: list[int] = []

    def write() -> None:
        left.append(count(other))
        assert other.save(f"written {len(left)}", b"v", expected=None, expires_at=9.0) is not None

    store._closed = pauses = Pauses(write)
    assert store.sweep(5.0) == 1000
    assert left == [810, 611, 412, 213, 14]
    assert all(seconds >= 0.005 for seconds in pauses.seconds)
    assert count(store) == 10 + 5
    store.close()
    other.close()


def test_closing_the_store_ends_a_sweep(path: Path) -> None:
    """A program that ends does not wait for it, and no connection stays open. A later sweep removes the rest."""
    store = SQLiteStore(path)
    fill(store, 1000, 1.0)
    # Another thread may still use a connection at that time.
    store._closed = Pauses(lambda: (store.close(), store.load("key")))
    assert store.sweep(5.0) == 200
    assert not store._idle
    assert store.sweep(5.0) == 800
    store.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_waits_for_the_transaction_of_a_sweep(path: Path) -> None:
    """The child would inherit locks inside SQLite that no thread releases. Both can sweep afterwards."""
    store = SQLiteStore(path)
    fill(store, 10, 1.0)
    started, forking = threading.Event(), threading.Event()
    order: list[str] = []

    def transaction() -> None:
        with store._sweeping:
            started.set()
            assert forking.wait(10)
            order.append("transaction ends")

    thread = threading.Thread(target=transaction)
    thread.start()
    assert started.wait(10)
    acquire, renewed = store._sweeping.acquire, store.before_fork

    def before_fork() -> None:
        forking.set()
        renewed()
        thread.join(10)
        order.append("fork" if store._sweeping.locked() else "fork in the middle of the next transaction")

    store.before_fork = before_fork  # type: ignore[method-assign]
    assert in_a_fork(lambda: store.sweep(5.0) == 10)
    assert order == ["transaction ends", "fork"]
    assert acquire(timeout=0)
    store._sweeping.release()
    assert store.sweep(5.0) == 0
    store.close()


def test_a_fork_does_not_wait_for_a_transaction_that_hangs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it end the transaction, whichever thread forks at the same time."""
    monkeypatch.setattr("webidentity.cache._sqlite._LONGEST_FORK", 0.01)
    store = SQLiteStore(path)
    store.after_fork_in_parent()
    with store._sweeping:
        store.before_fork()
        store.after_fork_in_parent()
        assert store._sweeping.locked()
    store.before_fork()
    assert store._sweeping.locked()
    store.before_fork()
    store.after_fork_in_parent()
    store.after_fork_in_parent()
    assert not store._sweeping.locked()


def test_a_read_that_must_not_wait_uses_an_open_connection(path: Path) -> None:
    """Opening the file may take long, so it is refused. A file that was replaced must be opened again too."""
    store = SQLiteStore(path)
    for read in (store.load, store.version):
        with pytest.raises(BlockingIOError):
            read("key", wait=False)
    assert not path.exists()
    version = store.save("key", b"v", expected=None, expires_at=9e9)
    row = store.load("key", wait=False)
    assert row is not None
    assert row.version == version == store.version("key", wait=False)
    assert store.version("another", wait=False) is None
    [connection] = store._idle
    path.rename(path.with_name("moved"))
    for read in (store.load, store.version):
        with pytest.raises(BlockingIOError):
            read("key", wait=False)
    assert store._idle == [connection]
    assert store.load("key") is None
    assert store._idle != [connection]
    store.close()


def test_a_read_that_must_not_wait_is_refused_by_a_locked_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, whatever the timeout is. Readers of a file without a write-ahead log wait for the writer."""
    monkeypatch.setattr(SQLiteStore, "_prepare", lambda store, connection: lay_out(connection))
    store = SQLiteStore(path, timeout=3600.0)
    store.save("key", b"v", expected=None, expires_at=9e9)
    store.load("key", wait=False)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for read in (store.load, store.version):
        with pytest.raises(BlockingIOError, match="locked"):
            read("key", wait=False)
    other.execute("COMMIT")
    assert store.load("key") is not None
    assert store.load("key", wait=False) is not None
    other.close()
    store.close()


def test_other_failures_of_a_read_that_must_not_wait_are_reported(path: Path) -> None:
    """A thread would not succeed either."""
    store = SQLiteStore(path)
    store.load("key")
    other = sqlite3.connect(path)
    other.execute("DROP TABLE entries")
    other.close()
    with pytest.raises(StoreUnavailableError, match="no such table"):
        store.version("key", wait=False)
    assert not store._idle


def test_a_write_waits_again_after_a_read_that_did_not(path: Path) -> None:
    """They share the connections."""
    store = SQLiteStore(path, timeout=7.0)
    store.load("key")

    def timeouts() -> list[int]:
        [connection] = store._idle
        return [connection.execute("PRAGMA busy_timeout").fetchone()[0]]

    assert timeouts() == [7000]
    store.load("key", wait=False)
    assert timeouts() == [0]
    store.save("key", b"v", expected=None, expires_at=9e9)
    assert timeouts() == [7000]
    store.close()
