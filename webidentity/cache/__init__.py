"""Where tokens are kept: partitions, the encryption envelope, the stores, and the cache in front of them."""

from webidentity.cache.envelope import KeyRing as KeyRing
from webidentity.cache.memory import MemoryStore as MemoryStore
from webidentity.cache.sqlite import SQLiteStore as SQLiteStore
from webidentity.cache.store import Row as Row
from webidentity.cache.store import Store as Store
from webidentity.cache.store import StoreUnavailableError as StoreUnavailableError
from webidentity.cache.token_cache import TokenCache as TokenCache
