"""SharedTokenCacheCredential."""

from webidentity.arguments.shared_token_cache import SharedTokenCacheArguments
from webidentity.credentials.base import Credential


class SharedTokenCacheCredential(Credential, SharedTokenCacheArguments):
    __doc__ = SharedTokenCacheArguments.__doc__
