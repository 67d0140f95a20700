"""The cache in front of a store: what stays in memory, and when the store is called."""

import os
import pickle
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.failing_store import FailingStore
from tests.kit.forks import in_a_fork
from tests.kit.replies import CLIENT, TENANT
from tests.kit.shared_cache import OPTIONS
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._persistent import PersistentFiles

NOW = 1_800_000_000


def partition(user: str = "ada") -> Partition:
    return Partition.user(client_id=CLIENT, authority="https://a.test", tenant=TENANT, home_account_id=user)


def put(driver: Driver, cache: TokenCache, text: str, user: str = "ada") -> CachedPartition:
    def add(document: TokenDocument) -> None:
        document.add(partition(user), ["a"], TokenReply(text, 4_000_000_000, None, "Bearer", ()), cae=False, now=NOW)

    cached: CachedPartition = driver.run(cache.update(partition(user), add, expires_at=NOW + 60.0, now=NOW))
    return cached


def get(driver: Driver, cache: TokenCache, user: str = "ada") -> str | None:
    cached = driver.run(cache.load(partition(user)))
    found = cached.document.access_token(("a",), cae=False, now=NOW) if cached else None
    return found.token if found else None


def peek(cache: TokenCache, user: str = "ada") -> str | None:
    cached = cache.peek(partition(user))
    found = cached.document.access_token(("a",), cae=False, now=NOW) if cached else None
    return found.token if found else None


@pytest.fixture(params=["alone", "store"])
def cache(request: pytest.FixtureRequest) -> TokenCache:
    """A cache without a store, then one with."""
    return TokenCache() if request.param == "alone" else TokenCache(MemoryStore(), KeyRing("key"))


def test_tokens_are_cached_until_they_are_deleted(driver: Driver, cache: TokenCache) -> None:
    """A token is found only in its own partition, and only until it is deleted."""
    put(driver, cache, "token")
    assert (get(driver, cache), peek(cache)) == ("token", "token")
    assert (get(driver, cache, "grace"), peek(cache, "grace")) == (None, None)
    driver.run(cache.update(partition(), TokenDocument.forget_tokens, expires_at=0.0, now=NOW))
    assert (get(driver, cache), peek(cache)) == (None, None)


def test_a_change_does_not_affect_a_document_that_was_read(driver: Driver, cache: TokenCache) -> None:
    """A thread that reads the document at the same time must not see a mixture of old and new."""
    before = put(driver, cache, "first")
    content = before.document.encode()
    put(driver, cache, "second")
    assert before.document.encode() == content
    assert peek(cache) == "second"


def test_two_processes_see_each_others_changes(driver: Driver) -> None:
    """The store is the source of truth. Loading a partition updates this process's copy."""
    store = MemoryStore()
    here, there = TokenCache(store, KeyRing("key")), TokenCache(store, KeyRing("key"))
    put(driver, here, "first")
    assert get(driver, there) == "first"
    put(driver, there, "second")
    assert peek(here) == "first"
    assert get(driver, here) == "second"
    for key in list(store._rows):
        store.delete(key)
    assert get(driver, here) is None
    assert peek(here) is None


def test_the_number_of_partitions_in_memory_is_limited(driver: Driver) -> None:
    """The least recently used partition is removed from memory. The store still has it."""
    cache = TokenCache(MemoryStore(), KeyRing("key"), max_partitions=2)
    for user in ("ada", "grace", "edsger"):
        put(driver, cache, f"of {user}", user)
    assert [peek(cache, user) for user in ("ada", "grace", "edsger")] == [None, "of grace", "of edsger"]
    assert get(driver, cache, "ada") == "of ada"


def test_the_time_of_the_last_refresh_survives_a_change(driver: Driver, cache: TokenCache) -> None:
    """Otherwise a change for one scope would restart the failing refreshes of another."""
    put(driver, cache, "first").last_refresh["key"] = 1.0
    assert put(driver, cache, "second").last_refresh == {"key": 1.0}


def test_expired_partitions_are_removed_from_memory(driver: Driver, cache: TokenCache) -> None:
    """Periodically, with a store and without."""
    for number in range(5):
        put(driver, cache, "token", f"user {number}")
    driver.run(cache.update(partition("last"), lambda _: None, expires_at=NOW + 9000.0, now=NOW + 3600.0))
    assert list(cache._partitions) == [partition("last").name]


def test_expired_partitions_are_looked_for_every_ten_minutes(driver: Driver, cache: TokenCache) -> None:
    """Not at each change: there may be thousands of partitions."""

    def change(user: str, passed: float, expires_at: float) -> None:
        driver.run(cache.update(partition(user), lambda _: None, expires_at=expires_at, now=NOW + passed))

    change("first", 0.0, NOW + 9000.0)
    change("expired", 0.0, NOW - 1.0)
    change("last", 599.0, NOW + 9000.0)
    assert cache.peek(partition("expired")) is not None
    change("last", 600.0, NOW + 9000.0)
    assert cache.peek(partition("expired")) is None


def test_a_pickled_cache_has_the_same_limit() -> None:
    """The number of partitions in memory is a setting of the application."""
    limited = pickle.loads(pickle.dumps(TokenCache(max_partitions=3)))
    assert limited._max_partitions == 3


def test_a_name_is_claimed_once(driver: Driver) -> None:
    """Only the first process can claim a name. A cache without a store raises an error."""
    store = MemoryStore()
    caches = [TokenCache(store, KeyRing("key")) for _ in range(2)]
    assert [driver.run(each.claim_once("name", expires_at=9e9)) for each in caches] == [True, False]
    with pytest.raises(ValueError, match="store"):
        driver.run(TokenCache().claim_once("name", expires_at=1.0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("locked", ["cache", "flights", "store"])
def test_a_fork_while_a_lock_is_held_does_not_hang_the_child(locked: str) -> None:
    """A server may load the site, use it, and then fork."""
    from tests.kit.drivers import SyncFace

    store, face = MemoryStore(), SyncFace()
    cache = TokenCache(store, KeyRing("key"))
    put(face, cache, "parent")
    locks: dict[str, Any] = {"cache": cache, "flights": cache.flights, "store": store}

    def child() -> bool:
        put(face, cache, "child")
        flight, leads = cache.flights.join("key")
        cache.flights.land("key", flight, None)
        return leads and get(face, cache) == "child"

    with locks[locked]._lock:
        assert in_a_fork(child)
    assert get(face, cache) == "parent"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_does_not_wait_for_a_flight_of_its_parent() -> None:
    """The thread that leads the flight does not exist in the child."""
    cache = TokenCache()
    cache.flights.join("key")
    assert in_a_fork(lambda: cache.flights.join("key")[1])
    assert cache.flights.join("key")[1] is False


def test_expired_claims_are_swept(driver: Driver, clock: Clock) -> None:
    """Otherwise the store of an application whose users only sign in would grow without end."""
    store = MemoryStore()
    cache = TokenCache(store, KeyRing("key"))
    for number in range(3):
        assert driver.run(cache.claim_once(f"state {number}", expires_at=clock() + 60))
    clock.advance(3600)
    assert driver.run(cache.claim_once("state 3", expires_at=clock() + 60))
    assert cache._sweeper is not None
    assert cache._sweeper.wait(20)
    assert store.sweep(clock()) == 0
    assert driver.run(cache.claim_once("state 0", expires_at=clock() + 60))


def test_a_change_keeps_the_tokens_and_the_later_expiry(driver: Driver, cache: TokenCache) -> None:
    """A change that adds nothing and expires earlier leaves both as they are."""
    put(driver, cache, "token")
    changed = driver.run(cache.update(partition(), lambda _: None, expires_at=NOW + 1.0, now=NOW))
    assert (get(driver, cache), changed.expires_at) == ("token", NOW + 60.0)


def test_a_partition_that_was_read_from_the_store_stays_in_memory(driver: Driver) -> None:
    """The next peek finds it without a call to the store."""
    store, keys = MemoryStore(), KeyRing("key")
    put(driver, TokenCache(store, keys), "token")
    reader = TokenCache(store, keys)
    assert (peek(reader), get(driver, reader), peek(reader)) == (None, "token", "token")


def test_all_unsaved_changes_are_saved_later(driver: Driver) -> None:
    """Changes that were made while the store was unavailable, in their order."""
    store, keys = MemoryStore(), KeyRing("key")
    cache = TokenCache(store, keys)
    for handle in ("first", "second"):
        cache.keep_unsaved(
            partition(), lambda document, handle=handle: document.sessions.update({handle: {}}), expires_at=NOW + 60.0
        )
    assert driver.run(cache.load(partition())) is not None
    saved = driver.run(TokenCache(store, keys).load(partition()))
    assert list(saved.document.sessions) == ["first", "second"]


def test_unsaved_changes_are_read_while_the_store_fails(driver: Driver) -> None:
    """The tokens of a redeemed code exist nowhere else."""
    store = FailingStore()
    store.refuses_writes = True
    cache = TokenCache(store, KeyRing("key"))
    kept = cache.keep_unsaved(partition(), lambda document: document.sessions.update({"a": {}}), expires_at=NOW + 60.0)
    assert driver.run(cache.load(partition())) is kept
    store.refuses_writes = False
    assert list(driver.run(cache.load(partition())).document.sessions) == ["a"]
    assert store._rows


def test_a_sign_out_is_seen_by_a_process_that_cannot_write(driver: Driver) -> None:
    """Its disk may be full. What it could not write is applied to what the other process has written."""
    store, keys = FailingStore(), KeyRing("key")
    full, other = TokenCache(store, keys), TokenCache(store, keys)

    def sign_in(document: TokenDocument) -> None:
        document.sessions.update({"a": {}, "b": {}})

    driver.run(full.update(partition(), sign_in, expires_at=NOW + 60.0, now=NOW))
    full.keep_unsaved(partition(), lambda document: document.sessions.update({"c": {}}), expires_at=NOW + 60.0)
    store.refuses_writes = True
    assert list(driver.run(full.load(partition())).document.sessions) == ["a", "b", "c"]
    store.refuses_writes = False
    driver.run(other.update(partition(), lambda document: document.sessions.pop("a"), expires_at=NOW + 60.0, now=NOW))
    store.refuses_writes = True
    for _ in range(2):
        assert list(driver.run(full.load(partition())).document.sessions) == ["b", "c"]
    store.is_down = True
    assert list(driver.run(full.load(partition())).document.sessions) == ["b", "c"]
    store.is_down = store.refuses_writes = False
    store._rows.clear()
    store.refuses_writes = True
    assert driver.run(full.load(partition())) is None
    assert full.peek(partition()) is None


def test_the_newest_unsaved_changes_are_kept(driver: Driver) -> None:
    """A long outage does not fill the memory: each change holds a reply. Twenty of a partition are kept."""
    store, keys = MemoryStore(), KeyRing("key")
    cache = TokenCache(store, keys)
    for number in range(25):
        cache.keep_unsaved(
            partition(), lambda document, name=f"{number}": document.sessions.update({name: {}}), expires_at=NOW + 60.0
        )
    driver.run(cache.load(partition()))
    saved = driver.run(TokenCache(store, keys).load(partition()))
    assert list(saved.document.sessions) == [f"{number}" for number in range(5, 25)]


def test_unsaved_changes_survive_a_sweep(driver: Driver) -> None:
    """An expired partition is removed from memory only if the store has its changes."""
    store, keys = MemoryStore(), KeyRing("key")
    cache = TokenCache(store, keys)
    cache.keep_unsaved(partition(), lambda document: document.sessions.update({"a": {}}), expires_at=NOW - 60.0)
    put(driver, cache, "token", "grace")
    assert cache.peek(partition()) is not None
    driver.run(cache.update(partition(), lambda _: None, expires_at=NOW + 60.0, now=NOW))
    saved = driver.run(TokenCache(store, keys).load(partition()))
    assert list(saved.document.sessions) == ["a"]


def test_a_backing_is_opened_before_tokens_are_requested(driver: Driver) -> None:
    """A backing that cannot be used reports it before a one-time code is redeemed."""
    opened: list[str] = []

    class Opening(PersistentFiles):
        def open(self) -> None:
            opened.append("open")

    driver.run(TokenCache.over(Opening(OPTIONS)).open())
    assert opened == ["open"]


def test_only_the_changed_partition_is_kept_when_memory_is_full(driver: Driver, cache: TokenCache) -> None:
    """A partition that is changed again is the most recent one."""
    cache._max_partitions = 2
    for user in ("ada", "grace", "ada", "edsger"):
        put(driver, cache, f"of {user}", user)
    assert [peek(cache, user) for user in ("ada", "grace", "edsger")] == ["of ada", None, "of edsger"]


def test_closing_the_cache_closes_its_store() -> None:
    """A cache without a store can be closed too."""
    closed: list[bool] = []

    class Closing(MemoryStore):
        def close(self) -> None:
            closed.append(True)

    TokenCache().close()
    TokenCache(Closing(), KeyRing("key")).close()
    assert closed == [True]


def test_a_cache_without_a_store_can_be_opened(driver: Driver) -> None:
    """There is nothing to prepare."""
    assert driver.run(TokenCache().open()) is None


def test_a_store_without_keys_is_refused() -> None:
    """The message says what to pass."""
    with pytest.raises(ValueError, match="pass keys=KeyRing"):
        TokenCache(MemoryStore())


@pytest.mark.parametrize("store", ["tokens.sqlite3", MemoryStore])
def test_an_object_that_is_no_store_is_refused(store: Any) -> None:
    """The first request would fail otherwise. The message says what to pass."""
    with pytest.raises(TypeError, match=r"^store: .*SQLiteStore\("):
        TokenCache(store, KeyRing("key"))


def test_keys_without_a_store_are_ignored(driver: Driver) -> None:
    """An application may construct the keys in any case."""
    cache = TokenCache(keys=KeyRing("key"))
    put(driver, cache, "token")
    assert get(driver, cache) == "token"
