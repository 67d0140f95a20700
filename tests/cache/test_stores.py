"""The contract of a store, the same for each of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit.cache_updates import ADA
from webidentity.cache import KeyRing, MemoryStore, SQLiteStore, Store
from webidentity.cache._document import TokenDocument
from webidentity.cache._sealed import SealedStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store, empty."""
    made: Store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "tokens.sqlite3")
    yield made
    made.close()


def test_a_missing_row_is_none(store: Store) -> None:
    """And deleting it is no error."""
    assert store.load("key") is None
    store.delete("key")


def test_what_was_saved_is_loaded(store: Store) -> None:
    """Value, version and expiry; the value is any bytes."""
    version = store.save("key", b"\x00\xffvalue", expected=None, expires_at=12.5)
    row = store.load("key")
    assert row is not None
    assert (row.value, row.version, row.expires_at) == (b"\x00\xffvalue", version, 12.5)
    assert "value=" not in repr(row)


def test_a_row_is_replaced_only_by_whoever_saw_it(store: Store) -> None:
    """Compare-and-swap: a lost one is None and writes nothing."""
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


def test_a_row_that_is_gone_cannot_be_replaced(store: Store) -> None:
    """A refresh that ends after the sign-out does not bring the tokens back."""
    version = store.save("key", b"1", expected=None, expires_at=1.0)
    store.delete("key")
    assert store.save("key", b"2", expected=version, expires_at=1.0) is None
    assert store.load("key") is None


def test_a_row_made_anew_has_a_version_nobody_holds(store: Store) -> None:
    """Otherwise an old version would match a new row."""
    old = store.save("key", b"1", expected=None, expires_at=1.0)
    store.delete("key")
    new = store.save("key", b"2", expected=None, expires_at=1.0)
    assert new != old
    assert store.save("key", b"3", expected=old, expires_at=1.0) is None


def test_sweep_removes_what_expired_and_counts_it(store: Store) -> None:
    """Nothing else is touched."""
    for number in range(5):
        store.save(f"key{number}", b"v", expected=None, expires_at=float(number))
    assert store.sweep(2.0) == 2
    assert [store.load(f"key{number}") is None for number in range(5)] == [True, True, False, False, False]
    assert store.sweep(2.0) == 0


def test_a_closed_store_opens_again(store: Store) -> None:
    """Close releases, it does not forget."""
    store.save("key", b"1", expected=None, expires_at=1.0)
    store.close()
    store.close()
    assert store.load("key") is not None


def test_of_many_threads_that_insert_one_wins(store: Store) -> None:
    """This is what makes a name claimable once."""
    with ThreadPoolExecutor(16) as pool:
        versions = list(pool.map(lambda _: store.save("key", b"v", expected=None, expires_at=1.0), range(64)))
    assert len([version for version in versions if version is not None]) == 1


def test_concurrent_changes_are_all_kept(store: Store) -> None:
    """A lost compare-and-swap is replayed on what is there by then."""
    sealed = SealedStore(store, KeyRing("secret"))

    def add(number: int) -> None:
        def change(document: TokenDocument) -> None:
            document.sessions[str(number)] = number

        sealed.change(ADA, change, 10.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    held = sealed.read(ADA, None)
    assert held is not None
    assert len(held.document.sessions) == 80


def test_a_name_is_claimed_once(store: Store) -> None:
    """By one of many threads."""
    sealed = SealedStore(store, KeyRing("secret"))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: sealed.claim("name", 10.0), range(16))) == 1
