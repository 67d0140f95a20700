"""Where tokens are kept: partitions, the encryption envelope, the stores, and the cache in front of them."""

from typing import TYPE_CHECKING

from webidentity._lazy_names import loader_of

if TYPE_CHECKING:
    from webidentity.cache._envelope import KeyRing as KeyRing
    from webidentity.cache._memory import MemoryStore as MemoryStore
    from webidentity.cache._sqlite import SQLiteStore as SQLiteStore
    from webidentity.cache._store import Row as Row
    from webidentity.cache._store import Store as Store
    from webidentity.cache._store import StoreUnavailableError as StoreUnavailableError
    from webidentity.cache._token_cache import TokenCache as TokenCache

__all__ = ["TokenCache", "KeyRing", "MemoryStore", "SQLiteStore", "Store", "Row", "StoreUnavailableError"]

_MODULES = {
    "KeyRing": "_envelope",
    "MemoryStore": "_memory",
    "Row": "_store",
    "SQLiteStore": "_sqlite",
    "Store": "_store",
    "StoreUnavailableError": "_store",
    "TokenCache": "_token_cache",
}

# A credential needs neither SQLite nor cryptography.
__getattr__ = loader_of(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
