"""The cache that a credential is constructed with."""

from typing import TYPE_CHECKING

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.token_source import TokenGrant
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

if TYPE_CHECKING:
    from webidentity.cache._persistent import PersistentFiles


def cache_from(token_cache: TokenCache | None, persistence: TokenCachePersistenceOptions | None) -> TokenCache:
    """Return the cache: the one given, the one that the user's programs share, or a new one of this credential.

    :param persistence: or azure-identity's object of the same name.
    :raises ValueError: both were given.
    :raises TypeError: the options are something else.
    """
    if persistence is None:
        return token_cache or TokenCache()
    if token_cache is not None:
        raise ValueError(
            "Pass one: token_cache= for a cache of this application, cache_persistence_options= for the one that the "
            "programs of the same OS user share"
        )
    return TokenCache.over(files_of(persistence))


def files_of(persistence: TokenCachePersistenceOptions) -> "PersistentFiles":
    """Return the files that the user's programs share.

    :param persistence: or azure-identity's object of the same name.
    :raises TypeError: the options are something else.
    """
    name: object = getattr(persistence, "name", None)
    if not isinstance(name, str) or not name:
        raise TypeError("cache_persistence_options should be a TokenCachePersistenceOptions, with a name")
    from webidentity.cache._persistent import PersistentFiles

    return PersistentFiles(persistence)


class OpenFirst:
    """A grant that can be spent only once, for which the cache has to be ready."""

    def __init__(self, cache: TokenCache, grant: TokenGrant) -> None:
        self.cache = cache
        self.grant = grant

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises ValueError: it could not be kept as the caller wants; nothing was spent.
        """
        yield from self.cache.open()
        return (yield from self.grant.token(request))
