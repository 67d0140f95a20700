"""SharedTokenCacheCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.shared_token_cache import SharedTokenCacheArguments


class SharedTokenCacheCredential(Credential, SharedTokenCacheArguments):
    __doc__ = SharedTokenCacheArguments.__doc__
