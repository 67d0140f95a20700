"""Reads of the SQLite store that must not wait, for event loops."""

import sqlite3
from pathlib import Path

import pytest

from webidentity.cache import SQLiteStore, StoreUnavailableError
from webidentity.cache._sqlite_layout import lay_out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that does not exist yet, in a folder that does not exist yet."""
    return tmp_path / "instance" / "tokens.sqlite3"


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
