"""The grant of a managed identity: a token for the program, issued by its host."""

import hashlib
import time

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.acquire import acquire
from webidentity._flows.acquisition import Acquisition
from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest, resource_of
from webidentity.cache._partition import Partition
from webidentity.cache._token_cache import TokenCache


class ManagedIdentity:
    """Acquires tokens of an identity that is assigned to the host."""

    def __init__(self, source: Source, cache: TokenCache) -> None:
        self.source = source
        self.cache = cache

    @property
    def partition(self) -> Partition:
        """The partition of the tokens."""
        source = self.source
        identity = source.identity
        return Partition.host(
            source=source.host,
            endpoint=source.endpoint,
            identity_kind=identity.kind,
            identity=identity.value,
            authentication=source.authentication,
        )

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token for the one resource.

        Hosts support neither claims nor continuous access evaluation. A request with claims acquires a new token, and
        ``enable_cae`` makes no difference.

        :raises ValueError: the request has not exactly one scope.
        """
        wanted = request._replace(scopes=(resource_of(request.scopes),), enable_cae=False)
        partition = self.partition

        def exchange(request: TokenRequest) -> Flow[TokenReply]:
            return self._exchange(request, partition)

        acquisition = Acquisition(partition, wanted, exchange, None, lambda reply: reply.expires_on)
        return (yield from acquire(self.cache, acquisition))

    def _exchange(self, request: TokenRequest, partition: Partition) -> Flow[TokenReply]:
        (resource,) = request.scopes
        current = self._current(request, partition)
        refused = hashlib.sha256(current.token.encode()).hexdigest() if current and request.claims else None
        may_wait = current is None or refused is not None
        return (yield from self.source.token(SourceRequest(resource, refused, may_wait=may_wait)))

    def _current(self, request: TokenRequest, partition: Partition) -> AccessTokenInfo | None:
        """Return the cached token that the new one will replace."""
        cached = self.cache.peek(partition)
        return cached.document.access_token(request.scopes, cae=False, now=time.time()) if cached else None
