"""Sweeps of the SQLite store: short transactions, closing and forks."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.forks import in_a_fork
from webidentity.cache import SQLiteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that does not exist yet, in a folder that does not exist yet."""
    return tmp_path / "instance" / "tokens.sqlite3"


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

    store.before_fork = before_fork
    assert in_a_fork(lambda: store.sweep(5.0) == 10)
    assert order == ["transaction ends", "fork"]
    assert acquire(timeout=0)
    store._sweeping.release()
    assert store.sweep(5.0) == 0
    store.close()


def test_a_thread_that_forks_does_not_end_the_pause_of_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads fork at the same time, and the second has waited in vain: a sweep must wait for the first."""
    monkeypatch.setattr("webidentity.cache._sqlite._LONGEST_FORK", 0.01)
    store = SQLiteStore(path)

    def fork() -> None:
        store.before_fork()
        store.after_fork_in_parent()

    store.before_fork()
    second = threading.Thread(target=fork)
    second.start()
    second.join(10)
    assert store._sweeping.locked()
    store.after_fork_in_parent()
    assert not store._sweeping.locked()


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
