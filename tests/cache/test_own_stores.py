"""Stores that applications write: mistakes in them are reported when the cache is constructed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.drivers import Driver
from tests.kit.minimal_store import MinimalStore
from webidentity.cache import KeyRing, Row, SQLiteStore, TokenCache
from webidentity.cache._partition import Partition

ADA = Partition.user(client_id="client", authority="https://a.test", tenant="tenant", home_account_id="ada")
REQUIRED = ("load", "save", "delete", "sweep", "close", "blocking")


@pytest.mark.parametrize("missing", REQUIRED)
def test_an_incomplete_store_is_refused(missing: str) -> None:
    """A request would fail otherwise, or a sweep a minute later. The message says what is missing."""
    incomplete = type("Incomplete", (), {name: getattr(MinimalStore, name) for name in REQUIRED if name != missing})
    with pytest.raises(TypeError, match=rf"^store: Incomplete has no {missing}\b.*webidentity\.cache\.Store\b"):
        TokenCache(incomplete(), KeyRing("key"))


def test_all_that_is_missing_is_named() -> None:
    """One correction is enough."""
    incomplete = type("Incomplete", (), {name: getattr(MinimalStore, name) for name in ("load", "save", "delete")})
    with pytest.raises(TypeError, match=r"^store: Incomplete has no sweep, close, blocking:"):
        TokenCache(incomplete(), KeyRing("key"))


def test_an_unrelated_attribute_version_is_ignored(driver: Driver) -> None:
    """Such as the version of the store's software."""

    class Labelled(MinimalStore):
        version = "1.0"

    cache = TokenCache(Labelled(), KeyRing("key"))
    driver.run(cache.update(ADA, lambda document: document.sessions.update(a=1), expires_at=9e9, now=1.0))
    assert driver.run(cache.load(ADA)) is cache.peek(ADA)


def test_an_unrelated_method_version_is_refused() -> None:
    """Each read of a known row would fail otherwise."""

    class Described(MinimalStore):
        def version(self) -> str:
            return "1.0"

    with pytest.raises(TypeError, match=r"^store: Described\.version\(key\) .*webidentity\.cache\.VersionedStore\b"):
        TokenCache(Described(), KeyRing("key"))


class OwnLoad(SQLiteStore):
    """Replaces one of the methods that have the argument wait."""

    def load(self, key: str) -> Row | None:
        return super().load(key)


class OwnVersion(SQLiteStore):
    """Replaces the other one."""

    def version(self, key: str) -> int | None:
        return super().version(key)


class Wrapper:
    """Passes everything on to another store, but not the argument wait of load."""

    def __init__(self, path: Path) -> None:
        self._store = SQLiteStore(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def load(self, key: str) -> Row | None:
        return self._store.load(key)


@pytest.mark.parametrize(
    ("kind", "method"), [(OwnLoad, "OwnLoad.load"), (OwnVersion, "OwnVersion.version"), (Wrapper, "Wrapper.load")]
)
def test_quick_reads_without_the_argument_wait_are_refused(
    tmp_path: Path, kind: Callable[[Path], Any], method: str
) -> None:
    """Each read would fail otherwise. The message says what to change."""
    call = re.escape(f"{method}(key, wait=False)")
    with pytest.raises(TypeError, match=rf"^store: {call} .*webidentity\.cache\.QuickStore\b"):
        TokenCache(kind(tmp_path / "tokens.sqlite3"), KeyRing("key"))


def test_reads_that_are_not_quick_need_no_argument_wait(driver: Driver, tmp_path: Path) -> None:
    """A class that replaces a method of SQLiteStore can say so."""

    class Slow(OwnLoad, OwnVersion):
        quick_reads = False

    cache = TokenCache(Slow(tmp_path / "tokens.sqlite3"), KeyRing("key"))
    driver.run(cache.update(ADA, lambda document: document.sessions.update(a=1), expires_at=9e9, now=1.0))
    assert driver.run(cache.load(ADA)) is cache.peek(ADA)
    cache.close()


def test_a_method_without_a_signature_is_accepted() -> None:
    """Some that are written in C have none."""

    class Native(MinimalStore):
        version = staticmethod(min)

    assert TokenCache(Native(), KeyRing("key")).peek(ADA) is None
