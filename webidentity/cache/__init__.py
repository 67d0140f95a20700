"""The token cache that credentials and sites share, and the stores that keep it beyond the process.

Pass a :class:`TokenCache` as ``token_cache=`` to several credentials, and they share their tokens. Give the cache a
store and a :class:`KeyRing`, and the tokens outlive the process, encrypted. :class:`MemoryStore` and
:class:`SQLiteStore` are included; any class with the methods of :class:`Store` is a store.
"""

from typing import TYPE_CHECKING

from webidentity._lazy_names import lazy_names

if TYPE_CHECKING:
    from webidentity.cache._envelope import KeyRing as KeyRing
    from webidentity.cache._memory import MemoryStore as MemoryStore
    from webidentity.cache._sqlite import SQLiteStore as SQLiteStore
    from webidentity.cache._store import QuickStore as QuickStore
    from webidentity.cache._store import Row as Row
    from webidentity.cache._store import Store as Store
    from webidentity.cache._store import StoreUnavailableError as StoreUnavailableError
    from webidentity.cache._store import VersionedStore as VersionedStore
    from webidentity.cache._token_cache import TokenCache as TokenCache
else:
    # Loaded on first use: most credentials need neither SQLite nor cryptography.
    __all__, __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "KeyRing": "_envelope",
            "MemoryStore": "_memory",
            "QuickStore": "_store",
            "Row": "_store",
            "SQLiteStore": "_sqlite",
            "Store": "_store",
            "StoreUnavailableError": "_store",
            "TokenCache": "_token_cache",
            "VersionedStore": "_store",
        },
    )
