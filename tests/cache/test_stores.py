"""The contract that every store fulfills."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cache_updates import ADA
from tests.kit.minimal_store import MinimalStore
from webidentity.cache import KeyRing, MemoryStore, QuickStore, Row, SQLiteStore, Store, TokenCache, VersionedStore
from webidentity.cache._document import TokenDocument
from webidentity.cache._sealed import SealedStore


@pytest.fixture(params=["memory", "sqlite", "minimal"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    kinds: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "sqlite": lambda: SQLiteStore(tmp_path / "tokens.sqlite3"),
        "minimal": MinimalStore,
    }
    made = kinds[request.param]()
    yield made
    made.close()


@pytest.fixture(params=["memory", "sqlite"])
def versioned(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VersionedStore]:
    """An empty store of each kind that can return a row's version."""
    made = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "tokens.sqlite3")
    yield made
    made.close()


class Wrapper:
    """A store of an application that passes everything on to another store."""

    def __init__(self, store: QuickStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture(params=["sqlite", "wrapped"])
def quick(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QuickStore]:
    """An empty store of each kind that can be read without waiting."""
    made: Any = SQLiteStore(tmp_path / "tokens.sqlite3")
    made = Wrapper(made) if request.param == "wrapped" else made
    yield made
    made.close()


def test_a_missing_row_is_none(store: Store) -> None:
    """Deleting it is not an error."""
    assert store.load("key") is None
    store.delete("key")


def test_a_saved_row_is_loaded(store: Store) -> None:
    """Value, version and expiry. The value may contain any bytes."""
    version = store.save("key", b"\x00\xffvalue", expected=None, expires_at=12.5)
    row = store.load("key")
    assert row is not None
    assert (row.value, row.version, row.expires_at) == (b"\x00\xffvalue", version, 12.5)
    assert "value=" not in repr(row)


def test_a_row_is_replaced_only_if_the_version_matches(store: Store) -> None:
    """Compare-and-swap: otherwise the save returns None and writes nothing."""
    first = store.save("key", b"1", expected=None, expires_at=1.0)
    assert first is not None
    second = store.save("key", b"2", expected=first, expires_at=2.0)
    assert second is not None
    assert second != first
    assert store.save("key", b"lost", expected=first, expires_at=3.0) is None
    assert store.save("key", b"lost", expected=None, expires_at=3.0) is None
    row = store.load("key")
    assert row is not None
    assert (row.value, row.version, row.expires_at) == (b"2", second, 2.0)


def test_a_deleted_row_cannot_be_replaced(store: Store) -> None:
    """A refresh that ends after the sign-out does not restore the tokens."""
    version = store.save("key", b"1", expected=None, expires_at=1.0)
    store.delete("key")
    assert store.save("key", b"2", expected=version, expires_at=1.0) is None
    assert store.load("key") is None


def test_a_row_that_is_inserted_again_has_a_new_version(store: Store) -> None:
    """Otherwise an old version would match the new row."""
    old = store.save("key", b"1", expected=None, expires_at=1.0)
    store.delete("key")
    new = store.save("key", b"2", expected=None, expires_at=1.0)
    assert new != old
    assert store.save("key", b"3", expected=old, expires_at=1.0) is None


def test_sweep_removes_and_counts_expired_rows(store: Store) -> None:
    """Other rows stay."""
    for number in range(5):
        store.save(f"key{number}", b"v", expected=None, expires_at=float(number))
    assert store.sweep(2.0) == 2
    assert [store.load(f"key{number}") is None for number in range(5)] == [True, True, False, False, False]
    assert store.sweep(2.0) == 0


def test_a_closed_store_opens_again(store: Store) -> None:
    """Closing a store does not remove its rows."""
    store.save("key", b"1", expected=None, expires_at=1.0)
    store.close()
    store.close()
    assert store.load("key") is not None


def test_the_version_is_that_of_the_row_that_would_be_loaded(versioned: VersionedStore) -> None:
    """After each change, by another thread too, and whether or not the row has expired."""

    def loaded() -> int | None:
        row = versioned.load("key")
        return row.version if row else None

    assert versioned.version("key") is None
    first = versioned.save("key", b"1", expected=None, expires_at=0.0)
    assert versioned.version("key") == first == loaded()
    second = versioned.save("key", b"2", expected=first, expires_at=9e9)
    assert versioned.version("key") == second == loaded()
    assert versioned.version("another") is None
    with ThreadPoolExecutor(1) as pool:
        third = pool.submit(versioned.save, "key", b"3", expected=second, expires_at=0.0).result()
    assert third is not None
    assert versioned.version("key") == third == loaded()
    versioned.sweep(1.0)
    assert versioned.version("key") is None
    versioned.save("key", b"4", expected=None, expires_at=9e9)
    versioned.delete("key")
    assert versioned.version("key") is None


def test_a_read_that_must_not_wait_has_the_same_result(quick: QuickStore) -> None:
    """Or raises BlockingIOError; after that, the call is repeated without the argument."""

    def both(key: str) -> list[object]:
        for read in (quick.load, quick.version):
            try:
                read(key, wait=False)
            except BlockingIOError:
                read(key)
        found = [quick.load(key, wait=False), quick.version(key, wait=False)]
        assert (
            found
            == [quick.load(key), quick.version(key)]
            == [quick.load(key, wait=True), quick.version(key, wait=True)]
        )
        return found

    assert quick.quick_reads is True
    assert both("key") == [None, None]
    version = quick.save("key", b"1", expected=None, expires_at=0.0)
    assert version is not None
    assert both("key") == [Row(b"1", version, 0.0), version]
    quick.delete("key")
    assert both("key") == [None, None]


def test_a_store_with_quick_reads_is_accepted(quick: QuickStore) -> None:
    """The cache checks the arguments of its methods."""
    assert TokenCache(quick, KeyRing("secret")).peek(ADA) is None


def test_only_one_of_many_threads_inserts_a_row(store: Store) -> None:
    """Claiming a name relies on this."""
    with ThreadPoolExecutor(16) as pool:
        versions = list(pool.map(lambda _: store.save("key", b"v", expected=None, expires_at=1.0), range(64)))
    assert len([version for version in versions if version is not None]) == 1


def test_concurrent_changes_are_all_saved(store: Store) -> None:
    """A change that loses the compare-and-swap is applied again to the current document."""
    sealed = SealedStore(store, KeyRing("secret"))

    def add(number: int) -> None:
        def change(document: TokenDocument) -> None:
            document.sessions[str(number)] = number

        sealed.change(ADA, change, 10.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    cached = sealed.read(ADA, None)
    assert cached is not None
    assert len(cached.document.sessions) == 80


@pytest.mark.parametrize("secrets", [("new",), ("new", "old"), ("old", "new")])
def test_a_document_is_decoded_only_if_it_has_changed(store: Store, secrets: tuple[str, ...]) -> None:
    """Otherwise the known partition itself is returned. A change and a deletion are seen at once."""
    sealed, other = SealedStore(store, KeyRing(secrets[0], secrets[1:])), SealedStore(store, KeyRing("new", ["old"]))
    known = other.change(ADA, lambda document: document.sessions.update(a=1), 9e9)
    assert sealed.read(ADA, known) is known
    other.change(ADA, lambda document: document.sessions.update(b=2), 9e9)
    changed = sealed.read(ADA, known)
    assert changed is not None
    assert changed is not known
    assert set(changed.document.sessions) == {"a", "b"}
    assert sealed.read(ADA, changed) is changed
    for stored_key in ADA.stored_keys(other.keys):
        store.delete(stored_key)
    assert sealed.read(ADA, changed) is None


def test_an_unchanged_row_is_not_loaded_if_the_store_returns_versions(
    versioned: VersionedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session check of each request reads a version instead of an encrypted document."""
    sealed = SealedStore(versioned, KeyRing("secret"))
    known = sealed.change(ADA, lambda document: document.sessions.update(a=1), 9e9)
    loads: list[str] = []
    load = versioned.load
    monkeypatch.setattr(versioned, "load", lambda key: loads.append(key) or load(key))
    assert sealed.read(ADA, known) is known
    assert not loads
    sealed.change(ADA, lambda document: document.sessions.update(b=2), 9e9)
    loads.clear()
    assert sealed.read(ADA, known) is not known
    assert len(loads) == 1


def test_a_name_is_claimed_once(store: Store) -> None:
    """Only one of many threads can claim a name."""
    sealed = SealedStore(store, KeyRing("secret"))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: sealed.claim("name", 10.0), range(16))) == 1


def test_claimed_names_need_a_limited_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors without an account can cause claims. The names that were claimed last are remembered."""
    monkeypatch.setattr("webidentity.cache._sealed._CLAIM_ROWS", 4)
    monkeypatch.setattr("webidentity.cache._sealed._MOST_CLAIMS", 10)
    store = MemoryStore()
    sealed = SealedStore(store, KeyRing("secret"))
    assert all(sealed.claim(f"name {number}", float(number)) for number in range(200))
    assert len(store._rows) == 4
    assert all(len(row.value) < 1000 for row in store._rows.values())
    assert not any(sealed.claim(f"name {number}", float(number)) for number in range(190, 200))
