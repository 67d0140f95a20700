"""Where tokens are kept: partitions, the encryption envelope, the stores, and the cache in front of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webidentity.cache.envelope import KeyRing as KeyRing
    from webidentity.cache.memory import MemoryStore as MemoryStore
    from webidentity.cache.sqlite import SQLiteStore as SQLiteStore
    from webidentity.cache.store import Row as Row
    from webidentity.cache.store import Store as Store
    from webidentity.cache.store import StoreUnavailableError as StoreUnavailableError
    from webidentity.cache.token_cache import TokenCache as TokenCache

__all__ = ["TokenCache", "KeyRing", "MemoryStore", "SQLiteStore", "Store", "Row", "StoreUnavailableError"]

_MODULES = {
    "KeyRing": "envelope",
    "MemoryStore": "memory",
    "Row": "store",
    "SQLiteStore": "sqlite",
    "Store": "store",
    "StoreUnavailableError": "store",
    "TokenCache": "token_cache",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: a credential needs neither SQLite nor cryptography."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
