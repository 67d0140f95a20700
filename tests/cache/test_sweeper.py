"""Sweeps of a store: when they happen, in which process, and on which thread."""

import os
import threading
from collections.abc import Iterator

import pytest

from tests.kit.drivers import Driver, SyncFace
from tests.kit.forks import in_a_fork
from webidentity import TokenCachePersistenceOptions
from webidentity.cache import KeyRing, MemoryStore, StoreUnavailableError, TokenCache
from webidentity.cache._partition import Partition
from webidentity.cache._persistent import PersistentFiles
from webidentity.cache._sealed import SealedStore
from webidentity.cache._sweeper import THREAD_NAME, Sweeper

NOW = 1_800_000_000.0
#: Seconds after which the first sweep of a process is due, and after which the next sweep of any process is.
FIRST, INTERVAL = 60.0, 660.0


class Swept(MemoryStore):
    """Records when it was swept, and on which thread. A sweep may have to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.threads: list[threading.Thread] = []
        self.started = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def sweep(self, now: float) -> int:
        self.times.append(now)
        self.threads.append(threading.current_thread())
        self.started.set()
        assert self.may_end.wait(20)
        return super().sweep(now)


@pytest.fixture
def store() -> Iterator[Swept]:
    made = Swept()
    yield made
    made.may_end.set()


def worker(store: MemoryStore) -> TokenCache:
    """Return the cache of one process."""
    return TokenCache(store, KeyRing("key"))


def partition(user: str = "ada") -> Partition:
    """Return the partition of the user."""
    return Partition.user(client_id="c", authority="https://a.test", tenant="t", home_account_id=user)


def change(driver: Driver, cache: TokenCache, now: float, user: str = "ada", expires_at: float = NOW + 1e6) -> None:
    """Change the partition of the user at that time."""
    driver.run(
        cache.update(partition(user), lambda document: document.sessions.update(a=1), expires_at=expires_at, now=now)
    )


def settled(cache: TokenCache) -> None:
    """Wait for the sweep that the last change has started."""
    assert cache._sweeper is not None
    assert cache._sweeper.wait(20)


def test_the_first_changes_of_a_process_do_not_sweep(driver: Driver, store: Swept) -> None:
    """All workers of a site start at the same time. The first sweep follows within a minute."""
    cache = worker(store)
    change(driver, cache, NOW)
    change(driver, cache, NOW + 0.0001)
    settled(cache)
    assert store.times == []
    change(driver, cache, NOW + FIRST)
    settled(cache)
    assert store.times == [NOW + FIRST]


def test_expired_rows_are_swept_periodically(driver: Driver, store: Swept) -> None:
    """Rows that have not expired stay."""
    cache = worker(store)
    change(driver, cache, NOW, "grace", expires_at=NOW + 100)
    change(driver, cache, NOW, "ada")
    rows = len(store._rows)
    for passed in (FIRST, FIRST + 1, FIRST + 2, FIRST + INTERVAL, FIRST + INTERVAL + 1, FIRST + 2 * INTERVAL):
        change(driver, cache, NOW + passed)
        settled(cache)
    assert store.times == [NOW + FIRST, NOW + FIRST + INTERVAL, NOW + FIRST + 2 * INTERVAL]
    # One row has expired. Another says when the next sweep is due.
    assert len(store._rows) == rows


def test_changes_between_two_sweeps_start_no_thread(
    driver: Driver, store: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most changes only compare two times."""
    started: list[float] = []
    new_thread = Sweeper._new_thread

    def counted(sweeper: Sweeper, now: float) -> threading.Thread:
        started.append(now)
        return new_thread(sweeper, now)

    monkeypatch.setattr(Sweeper, "_new_thread", counted)
    cache = worker(store)
    change(driver, cache, NOW)
    for passed in (FIRST, FIRST + 1, FIRST + 600, FIRST + INTERVAL):
        change(driver, cache, NOW + passed)
        settled(cache)
    assert started == [NOW + FIRST, NOW + FIRST + INTERVAL]


def test_of_many_processes_one_sweeps(driver: Driver, store: Swept) -> None:
    """They agree through the store. A process that starts later does not sweep again."""
    workers = [worker(store) for _ in range(20)]
    for now in (NOW, NOW + FIRST):
        for each in workers:
            change(driver, each, now)
        for each in workers:
            settled(each)
    assert store.times == [NOW + FIRST]
    late = worker(store)
    for passed in (FIRST, 2 * FIRST):
        change(driver, late, NOW + FIRST + passed)
        settled(late)
    assert store.times == [NOW + FIRST]


def test_processes_with_other_orders_of_the_secrets_agree(driver: Driver, store: Swept) -> None:
    """While SECRET_KEY is being changed."""
    for keys in (KeyRing("new", ["old"]), KeyRing("old", ["new"])):
        cache = TokenCache(store, keys)
        for now in (NOW, NOW + FIRST):
            change(driver, cache, now)
            settled(cache)
    assert store.times == [NOW + FIRST]


def test_a_lost_race_for_the_sweep_is_no_error(driver: Driver, store: Swept) -> None:
    """Another process has started it between the read and the write."""
    cache, other = worker(store), worker(store)
    change(driver, cache, NOW)
    change(driver, other, NOW)
    load, acted = store.load, list[bool]()

    def load_late(key: str) -> object:
        row = load(key)
        if threading.current_thread().name == THREAD_NAME and not acted:
            acted.append(True)
            change(SyncFace(), other, NOW + FIRST)
            settled(other)
        return row

    store.load = load_late
    change(driver, cache, NOW + FIRST)
    settled(cache)
    assert acted
    assert store.times == [NOW + FIRST]


def test_no_request_waits_for_a_sweep(driver: Driver, store: Swept) -> None:
    """The change that starts it returns, and so do others, while it is running. No second sweep starts."""
    cache = worker(store)
    change(driver, cache, NOW)
    store.may_end.clear()
    change(driver, cache, NOW + FIRST)
    assert store.started.wait(20)
    for passed in (FIRST, FIRST + INTERVAL, FIRST + 2 * INTERVAL):
        change(driver, cache, NOW + passed)
    assert cache._sweeper is not None
    assert not cache._sweeper.wait(0)
    [thread] = store.threads
    assert thread is not threading.current_thread()
    # The program can end while a sweep is running.
    assert thread.daemon
    store.may_end.set()
    settled(cache)
    assert not thread.is_alive()
    assert store.times == [NOW + FIRST]


@pytest.mark.parametrize("error", [StoreUnavailableError("locked"), ValueError("locked")])
def test_a_failed_sweep_is_logged(driver: Driver, caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    """The warning says why the store grows. The changes are stored, and a later one tries again."""
    store, calls = MemoryStore(), list[float]()

    def fail(now: float) -> int:
        calls.append(now)
        raise error

    store.sweep = fail
    cache = worker(store)
    for passed in (0.0, FIRST, FIRST + 1, FIRST + INTERVAL):
        change(driver, cache, NOW + passed, f"user {passed}")
        settled(cache)
        assert driver.run(worker(store).load(partition(f"user {passed}"))).document.sessions == {"a": 1}
    assert caplog.text.count("could not be removed: locked") == len(calls) == 2


def test_a_process_without_another_thread_continues(
    driver: Driver, store: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program may be ending."""
    cache = worker(store)
    change(driver, cache, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(Sweeper, "_new_thread", _no_thread)
        change(driver, cache, NOW + FIRST)
    assert store.times == []
    change(driver, cache, NOW + 2 * FIRST)
    settled(cache)
    assert store.times == [NOW + 2 * FIRST]


def _no_thread(*_: object) -> threading.Thread:
    class Impossible(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    return Impossible()


def test_a_clock_that_was_set_back_does_not_stop_the_sweeps(driver: Driver, store: Swept) -> None:
    """A sweep was made in the future."""
    cache = worker(store)
    for now in (NOW + 5000, NOW + 5000 + FIRST):
        change(driver, cache, now)
        settled(cache)
    for now in (NOW, NOW + FIRST):
        change(driver, cache, now)
        settled(cache)
    assert store.times == [NOW + 5000 + FIRST, NOW + FIRST]
    late = worker(store)
    for now in (NOW + FIRST, NOW + 2 * FIRST):
        change(driver, late, now)
        settled(late)
    assert store.times == [NOW + 5000 + FIRST, NOW + FIRST]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_sweeps_on_a_thread_of_its_own(store: Swept) -> None:
    """Also if it was forked while a sweep of its parent was running, or while the parent started one."""
    cache, face = worker(store), SyncFace()
    change(face, cache, NOW)
    store.may_end.clear()
    change(face, cache, NOW + FIRST)
    assert store.started.wait(20)

    def child() -> bool:
        store.may_end.set()
        store.times.clear()
        later = NOW + FIRST + INTERVAL
        change(face, cache, later)
        settled(cache)
        starts_again = store.times == []
        change(face, cache, later + FIRST)
        settled(cache)
        return starts_again and store.times == [later + FIRST]

    assert cache._sweeper is not None
    with cache._sweeper._lock:
        assert in_a_fork(child)


def test_each_process_is_told_when_the_next_sweep_is_due(store: Swept) -> None:
    """Also a process that finds that another one has swept a short time ago."""
    processes = [SealedStore(store, KeyRing("key")) for _ in range(2)]
    assert [each.sweep_if_due(NOW + number) for number, each in enumerate(processes)] == [NOW + 600.0] * 2
    assert store.times == [NOW]


def test_a_cache_without_a_store_has_nothing_to_sweep() -> None:
    """No thread is started for it, nor for the files that a user's programs share: their entries do not expire."""
    assert TokenCache()._sweeper is None
    assert TokenCache.over(PersistentFiles(TokenCachePersistenceOptions()))._sweeper is None
