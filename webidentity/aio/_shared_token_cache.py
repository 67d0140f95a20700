"""SharedTokenCacheCredential, async."""

from webidentity._credentials.shared_token_cache import SharedTokenCacheConstructor
from webidentity.aio._base import AsyncCredential


class SharedTokenCacheCredential(SharedTokenCacheConstructor, AsyncCredential):
    __doc__ = SharedTokenCacheConstructor.__doc__
