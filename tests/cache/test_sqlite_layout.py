"""Files of an earlier version, whose table had no rowid and no index: their rows are kept."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from tests.kit.cache_updates import ADA, add_entries
from webidentity.cache import KeyRing, MemoryStore, SQLiteStore
from webidentity.cache._sealed import SealedStore
from webidentity.cache._sqlite import _SWEEP

EARLIER = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at REAL NOT NULL, value BLOB NOT NULL
) WITHOUT ROWID
"""


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A file of the earlier version, in which Ada has an entry."""
    path, memory = tmp_path / "tokens.sqlite3", MemoryStore()
    SealedStore(memory, KeyRing("secret")).change(ADA, lambda document: document.sessions.update(earlier=1), 9e9)
    connection = open_earlier(path)
    for key, row in memory._rows.items():
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (key, row.version, row.expires_at, row.value))
    connection.close()
    return path


def open_earlier(path: Path) -> sqlite3.Connection:
    """Open the file as the earlier version did."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(EARLIER)
    return connection


def entries(path: Path) -> set[str]:
    """Return the names of Ada's entries."""
    store = SQLiteStore(path)
    cached = SealedStore(store, KeyRing("secret")).read(ADA, None)
    store.close()
    assert cached is not None
    return set(cached.document.sessions)


def schema(path: Path) -> dict[str, str]:
    """Return the statements that created the tables and indexes of the file."""
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    return found


def test_rows_of_an_earlier_file_are_kept(earlier: Path) -> None:
    """The file gets the current layout, which is that of a new file."""
    assert entries(earlier) == {"earlier"}
    new = earlier.with_name("new.sqlite3")
    SQLiteStore(new).load("key")
    assert list(schema(earlier)) == list(schema(new)) == ["entries", "entries_expires_at"]
    assert "WITHOUT ROWID" not in schema(earlier)["entries"]


def test_four_processes_that_open_an_earlier_file_at_once_lose_nothing(earlier: Path) -> None:
    """All of them find the earlier layout. One changes it."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        pool.starmap(add_entries, [(str(earlier), number, 20) for number in range(4)], chunksize=1)
        pool.close()
        pool.join()
    assert entries(earlier) == {"earlier", *(f"{process}-{count}" for process in range(4) for count in range(20))}


def test_a_process_of_the_earlier_version_continues_with_the_file(earlier: Path) -> None:
    """Servers replace their workers one after another. Each version sees what the other writes."""
    worker = open_earlier(earlier)
    assert worker.execute("SELECT count(*) FROM entries").fetchone() == (1,)
    store = SQLiteStore(earlier)
    assert store.save("new", b"v", expected=None, expires_at=9e9) is not None
    assert worker.execute("SELECT value FROM entries WHERE key = 'new'").fetchone() == (b"v",)
    worker.execute("INSERT INTO entries (key, version, expires_at, value) VALUES ('old', 1, 9e9, x'00')")
    assert store.version("old") == 1
    worker.execute(EARLIER)
    worker.close()
    store.close()
    assert "WITHOUT ROWID" not in schema(earlier)["entries"]


def test_a_large_earlier_file_keeps_its_table(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copying it would make others wait. It gets the index, so that it can be swept."""
    monkeypatch.setattr("webidentity.cache._sqlite_layout._MOST_COPIED", 1)
    connection = open_earlier(earlier)
    connection.execute("INSERT INTO entries VALUES ('another', 1, 9e9, x'00')")
    connection.close()
    assert entries(earlier) == {"earlier"}
    assert "WITHOUT ROWID" in schema(earlier)["entries"]
    store = SQLiteStore(earlier)
    assert store.save("expired", b"v", expected=None, expires_at=1.0) is not None
    assert store.sweep(2.0) == 1
    store.close()


@pytest.mark.parametrize(("most", "copied"), [(1, True), (0, False)])
def test_the_rows_that_are_copied_are_limited(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, most: int, copied: bool
) -> None:
    """The file has one row."""
    monkeypatch.setattr("webidentity.cache._sqlite_layout._MOST_COPIED", most)
    entries(earlier)
    assert ("WITHOUT ROWID" not in schema(earlier)["entries"]) is copied


def test_a_layout_that_fails_changes_nothing(earlier: Path) -> None:
    """The disk may be full. The next process tries again."""
    blocked = sqlite3.connect(earlier)
    blocked.execute("CREATE TABLE earlier_entries (key TEXT)")
    blocked.close()
    with pytest.raises(Exception, match="earlier_entries"):
        SQLiteStore(earlier).load("key")
    assert "WITHOUT ROWID" in schema(earlier)["entries"]
    repaired = sqlite3.connect(earlier)
    repaired.execute("DROP TABLE earlier_entries")
    repaired.close()
    assert entries(earlier) == {"earlier"}


@pytest.mark.parametrize("copied", [True, False])
def test_a_sweep_does_not_read_all_rows(earlier: Path, monkeypatch: pytest.MonkeyPatch, copied: bool) -> None:
    """It finds the expired rows in the index, and each of them by its key."""
    if not copied:
        monkeypatch.setattr("webidentity.cache._sqlite_layout._MOST_COPIED", 0)
    store = SQLiteStore(earlier)
    with store._connection() as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_SWEEP}", (1.0, 200))]
    store.close()
    assert any("entries_expires_at (expires_at<?)" in step for step in plan)
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan)
