"""Which thread reads a store: an event loop reads a local file itself, unless it would have to wait."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.drivers import Driver
from tests.kit.minimal_store import MinimalStore
from webidentity._protocol.effects import Call, Flow
from webidentity.cache import KeyRing, Row, SQLiteStore, StoreUnavailableError, TokenCache
from webidentity.cache._partition import Partition
from webidentity.cache._sqlite_layout import lay_out

ADA = Partition.user(client_id="client", authority="https://a.test", tenant="tenant", home_account_id="ada")


class Recorded(SQLiteStore):
    """Records which thread reads, whether it may wait, and reads that were refused."""

    def __init__(self, path: Path, timeout: float = 20.0) -> None:
        super().__init__(path, timeout=timeout)
        self.reads: list[tuple[str, bool, bool]] = []
        self.refused = threading.Event()

    def load(self, key: str, *, wait: bool = True) -> Row | None:
        return self._recorded("load", wait, lambda: SQLiteStore.load(self, key, wait=wait))

    def version(self, key: str, *, wait: bool = True) -> int | None:
        return self._recorded("version", wait, lambda: SQLiteStore.version(self, key, wait=wait))

    def _recorded(self, name: str, wait: bool, read: Callable[[], Any]) -> Any:
        self.reads.append((name, wait, threading.current_thread() is threading.main_thread()))
        try:
            return read()
        except BlockingIOError:
            self.refused.set()
            raise


def change(driver: Driver, cache: TokenCache, name: str) -> None:
    """Add an entry to Ada's partition."""
    driver.run(cache.update(ADA, lambda document: document.sessions.update({name: 1}), expires_at=9e9, now=1.0))


def test_a_file_is_read_without_another_thread(driver: Driver, tmp_path: Path) -> None:
    """Its version if this process knows the row, otherwise the row. Writes are made as before."""
    store, keys = Recorded(tmp_path / "tokens.sqlite3"), KeyRing("key")
    cache, other = TokenCache(store, keys), TokenCache(SQLiteStore(store.path), keys)
    change(driver, cache, "first")
    store.reads.clear()
    assert driver.run(cache.load(ADA)) is cache.peek(ADA)
    assert store.reads == [("version", False, True)]
    change(driver, other, "second")
    store.reads.clear()
    assert set(driver.run(cache.load(ADA)).document.sessions) == {"first", "second"}
    assert store.reads == [("version", False, True), ("load", False, True)]
    cache.close()
    other.close()


def test_a_file_that_is_not_open_is_opened_on_a_thread(driver: Driver, tmp_path: Path) -> None:
    """Opening may take long. The next read finds it open."""
    store = Recorded(tmp_path / "tokens.sqlite3")
    cache = TokenCache(store, KeyRing("key"))
    assert driver.run(cache.load(ADA)) is None
    assert store.reads == [("load", False, True), ("load", True, driver.name == "sync")]
    assert driver.run(cache.load(ADA)) is None
    assert store.reads[2:] == [("load", False, True)]
    cache.close()


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Recorded, sqlite3.Connection]:
    """A store whose file is locked by another connection. Without a write-ahead log, readers wait for the writer."""
    monkeypatch.setattr(SQLiteStore, "_prepare", lambda store, connection: lay_out(connection))
    store = Recorded(tmp_path / "tokens.sqlite3")
    store.version("key")
    other = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    return store, other


@pytest.mark.parametrize("known", [True, False])
def test_a_locked_file_does_not_block_the_event_loop(
    driver: Driver, locked: tuple[Recorded, sqlite3.Connection], known: bool
) -> None:
    """The lock is released by another caller, which an event loop could not run while it waits."""
    store, other = locked
    cache = TokenCache(store, KeyRing("key"))
    if known:
        other.execute("COMMIT")
        change(driver, cache, "first")
        other.execute("BEGIN EXCLUSIVE")
    store.reads.clear()
    store.refused.clear()

    def release() -> Flow[None]:
        yield Call(lambda: store.refused.wait(20))
        yield Call(lambda: other.execute("COMMIT"))

    found, _ = driver.together([lambda: driver.start(cache.load(ADA)), lambda: driver.start(release())])
    other.close()
    assert found is cache.peek(ADA)
    assert [wait for _, wait, _ in store.reads] == [False, True]
    cache.close()


def test_a_file_that_stays_locked_is_reported(driver: Driver, locked: tuple[Recorded, sqlite3.Connection]) -> None:
    """After the timeout of the store."""
    store, other = locked
    other.execute("COMMIT")
    impatient = Recorded(store.path, timeout=0.02)
    impatient.version("key")
    other.execute("BEGIN EXCLUSIVE")
    impatient.reads.clear()
    with pytest.raises(StoreUnavailableError, match="locked"):
        driver.run(TokenCache(impatient, KeyRing("key")).load(ADA))
    assert [wait for _, wait, _ in impatient.reads] == [False, True]
    other.close()
    store.close()


@pytest.mark.parametrize("blocking", [True, False])
def test_a_store_that_says_nothing_about_quick_reads_is_read_as_before(driver: Driver, blocking: bool) -> None:
    """On a thread if its calls may wait, and without an argument that it does not know."""
    threads: list[bool] = []

    class Network(MinimalStore):
        def load(self, key: str) -> Row | None:
            threads.append(threading.current_thread() is threading.main_thread())
            return super().load(key)

    store = Network()
    store.blocking = blocking
    assert driver.run(TokenCache(store, KeyRing("key")).load(ADA)) is None
    assert threads == [driver.name == "sync" or not blocking]
