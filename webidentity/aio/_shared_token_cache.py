"""SharedTokenCacheCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.shared_token_cache import SharedTokenCacheArguments


class SharedTokenCacheCredential(AsyncCredential, SharedTokenCacheArguments):
    __doc__ = SharedTokenCacheArguments.__doc__
