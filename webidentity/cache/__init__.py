"""Where tokens are kept: partitions, the encryption envelope, the stores, and the cache in front of them."""

from typing import TYPE_CHECKING

from webidentity.lazy_names import loader_of

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

# A credential needs neither SQLite nor cryptography.
__getattr__ = loader_of(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
