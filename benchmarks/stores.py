"""The store of a site: inserting and reading rows, and writing while expired rows are removed."""

import asyncio
import multiprocessing
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.instructions import count, thousands
from benchmarks.interleaved import medians
from benchmarks.table import Comparison, target
from webidentity._transport.driver import AsyncDriver, send_nothing
from webidentity.cache import KeyRing, SQLiteStore, TokenCache
from webidentity.cache._partition import Partition

#: Bytes of a user's row with a few tokens.
SIZE = 6_000
#: Rows in the file, and rows that are inserted and read for one time that is measured.
ROWS, BATCH = 2_000, 500
ROUNDS = 7
SWEPT = 100_000
#: Seconds that the slowest writer may wait during a sweep.
LONGEST_WRITE = 0.15
USER = Partition.user(client_id="client", authority="https://a.test", tenant="tenant", home_account_id="ada")
#: What a plain SQLite table for key and value is often created with.
WITHOUT_ROWID = """
CREATE TABLE entries (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, expires_at REAL NOT NULL, value BLOB NOT NULL
) WITHOUT ROWID
"""
INSERT = "INSERT INTO entries (key, version, expires_at, value) VALUES (?, ?, ?, ?)"


def measure() -> list[Comparison]:
    """Compare the ways to use an SQLite file."""
    return [_inserts(), _reads(), _async_reads(), _sweep()]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _key() -> str:
    return os.urandom(32).hex()


def _inserts() -> Comparison:
    value = os.urandom(SIZE)
    with _folder() as folder:
        plain = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = NORMAL")
        plain.execute(WITHOUT_ROWID)

        def peer() -> float:
            start = time.process_time()
            for _ in range(BATCH):
                plain.execute(INSERT, (_key(), 1, 9e9, value))
            return (time.process_time() - start) / BATCH

        def project() -> float:
            start = time.process_time()
            for _ in range(BATCH):
                store.save(_key(), value, expected=None, expires_at=9e9)
            return (time.process_time() - start) / BATCH

        with closing(plain), closing(SQLiteStore(folder / "store.sqlite3")) as store:
            for _ in range(ROWS // BATCH):
                peer()
                project()
            times = medians([peer, project], ROUNDS)
    return Comparison(
        f"insert a row of {SIZE:,} bytes",
        peer=f"{1e6 * times[0]:.0f} us",
        project=f"{1e6 * times[1]:.0f} us",
        ratio=f"{times[0] / times[1]:.1f}x faster",
        details="CPU time; the other is a plain table WITHOUT ROWID",
    )


@contextmanager
def _filled() -> Iterator[tuple[SQLiteStore, str]]:
    """Provide a store with rows, and the key of one of them."""
    with _folder() as folder, closing(SQLiteStore(folder / "store.sqlite3")) as store:
        keys = [_key() for _ in range(ROWS)]
        for key in keys:
            store.save(key, os.urandom(SIZE), expected=None, expires_at=9e9)
        yield store, keys[ROWS // 2]


def loads() -> Callable[[int], object]:
    """Return a function that loads a row so many times, for counting instructions."""
    return _repeated("load")


def versions() -> Callable[[int], object]:
    """Return a function that reads the version of a row so many times, for counting instructions."""
    return _repeated("version")


def _repeated(name: str) -> Callable[[int], object]:
    # It exists until the process ends, with which the function is counted.
    filled = _filled()
    store, key = filled.__enter__()
    read = getattr(store, name)

    def call(times: int, _: object = filled) -> None:
        for _ in range(times):
            read(key)

    return call


def _reads() -> Comparison:
    with _filled() as (store, key):

        def timed(read: Callable[[str], object]) -> Callable[[], float]:
            def batch() -> float:
                start = time.process_time()
                for _ in range(BATCH):
                    read(key)
                return (time.process_time() - start) / BATCH

            return batch

        times = medians([timed(store.load), timed(store.version)], ROUNDS)
    counted = [thousands(count(f"benchmarks.stores:{name}")) for name in ("loads", "versions")]
    return Comparison(
        "version of a row instead of the row",
        peer=f"{1e6 * times[0]:.1f} us, {counted[0]}",
        project=f"{1e6 * times[1]:.1f} us, {counted[1]}",
        ratio=f"{times[0] / times[1]:.1f}x faster",
        details="CPU time; load and version of SQLiteStore",
    )


class _OnThreads(SQLiteStore):
    """A store that an event loop reads on threads."""

    quick_reads = False


def _async_reads() -> Comparison:
    with _folder() as folder:
        caches = [TokenCache(kind(folder / kind.__name__), KeyRing("secret")) for kind in (_OnThreads, SQLiteStore)]

        async def wait(cache: TokenCache) -> float:
            driver = AsyncDriver(send_nothing)
            await driver.run(cache.update(USER, _fill, expires_at=9e9, now=1.0))
            start = time.perf_counter()
            for _ in range(BATCH):
                await driver.run(cache.load(USER))
            return (time.perf_counter() - start) / BATCH

        def timed(cache: TokenCache) -> Callable[[], float]:
            return lambda: asyncio.run(wait(cache))

        times = medians([timed(cache) for cache in caches], ROUNDS)
        for cache in caches:
            cache.close()
    return Comparison(
        "check an unchanged row in an event loop",
        peer=f"{1e6 * times[0]:.0f} us",
        project=f"{1e6 * times[1]:.0f} us",
        ratio=f"{times[0] / times[1]:.1f}x faster",
        details="on a thread, and in the event loop itself",
    )


def _fill(document: Any) -> None:
    document.sessions["session"] = {"claims": "c" * SIZE}


def _sweep() -> Comparison:
    def at_once(store: SQLiteStore) -> None:
        with store._connection() as connection:
            connection.execute("DELETE FROM entries WHERE expires_at < ?", (time.time(),))

    waits, seconds = zip(*(_written_during(sweep) for sweep in (at_once, _swept)), strict=True)
    # A busy machine delays writes too.
    quiet, _ = _written_during(lambda _: time.sleep(seconds[1]), rows=BATCH)
    return Comparison(
        f"write during a sweep, half of {SWEPT:,} rows",
        peer=f"slowest {1e3 * waits[0]:.0f} ms, in {seconds[0]:.1f} s",
        project=f"slowest {1e3 * waits[1]:.0f} ms, in {seconds[1]:.1f} s",
        ratio=f"{waits[0] / waits[1]:.0f}x shorter wait",
        details=f"by a second process; one DELETE, and sweep(); without a sweep: {1e3 * quiet:.0f} ms",
        target=target(waits[1] <= LONGEST_WRITE, f"{1e3 * LONGEST_WRITE:.0f} ms"),
    )


def _swept(store: SQLiteStore) -> None:
    store.sweep(time.time())


def _written_during(sweep: Callable[[SQLiteStore], object], rows: int = SWEPT) -> tuple[float, float]:
    """Return the longest write of another process during the sweep, and the time of the sweep."""
    context = multiprocessing.get_context("spawn")
    with _folder() as folder, closing(SQLiteStore(folder / "store.sqlite3")) as store:
        _insert_expiring(store, rows)
        started, ended, results = context.Event(), context.Event(), context.SimpleQueue()
        writer = context.Process(target=_write, args=(str(store.path), started, ended, results))
        writer.start()
        started.wait(60)
        start = time.perf_counter()
        sweep(store)
        seconds = time.perf_counter() - start
        ended.set()
        longest: float = results.get()
        writer.join(60)
    return longest, seconds


def _insert_expiring(store: SQLiteStore, rows: int) -> None:
    value, now = os.urandom(SIZE), time.time()
    with store._connection() as connection:
        connection.execute("BEGIN")
        connection.executemany(INSERT, ((_key(), 1, now + 3600 * (-1) ** number, value) for number in range(rows)))
        connection.execute("COMMIT")
        # The write-ahead log of a site is short.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _write(path: str, started: Any, ended: Any, results: Any) -> None:
    """Insert rows until the sweep has ended. Runs in a process of its own."""
    store, value, waits = SQLiteStore(path, timeout=60.0), os.urandom(SIZE), list[float]()
    store.load("key")
    started.set()
    while not ended.is_set():
        start = time.perf_counter()
        store.save(_key(), value, expected=None, expires_at=9e9)
        waits.append(time.perf_counter() - start)
        time.sleep(0.002)
    store.close()
    results.put(max(waits))
