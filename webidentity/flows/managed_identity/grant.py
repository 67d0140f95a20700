"""The grant of a managed identity: the host vouches for the program that runs on it."""

import hashlib
import time

from azure.core.credentials import AccessTokenInfo

from webidentity.cache.partition import Partition
from webidentity.cache.token_cache import TokenCache
from webidentity.flows.acquire import Acquisition, acquire
from webidentity.flows.managed_identity.source import Ask, Source
from webidentity.protocol.effects import Flow
from webidentity.protocol.resource import resource_of
from webidentity.protocol.token_reply import TokenReply
from webidentity.protocol.token_request import TokenRequest


class ManagedIdentity:
    """Acquires tokens of the identity that the host has."""

    def __init__(self, source: Source, cache: TokenCache) -> None:
        self.source = source
        self.cache = cache

    @property
    def partition(self) -> Partition:
        """Whose tokens these are."""
        source = self.source
        identity = source.identity
        return Partition.host(
            source=source.host,
            endpoint=source.endpoint,
            identity_kind=identity.kind,
            identity=identity.value,
            proof=source.proof,
        )

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token for the one resource.

        Hosts know neither claims nor continuous access evaluation: claims have the token asked for anew, and a token is
        the same with the evaluation as without.

        :raises ValueError: the request has not exactly one scope.
        """
        wanted = request._replace(scopes=(resource_of(request.scopes),), enable_cae=False)
        acquisition = Acquisition(self.partition, wanted, self._exchange, None, lambda reply: reply.expires_on)
        return (yield from acquire(self.cache, acquisition))

    def _exchange(self, request: TokenRequest) -> Flow[TokenReply]:
        (resource,) = request.scopes
        current = self._current(request)
        refused = hashlib.sha256(current.token.encode()).hexdigest() if current and request.claims else None
        ask = Ask(resource, refused, patient=current is None or refused is not None)
        return (yield from self.source.ask(ask))

    def _current(self, request: TokenRequest) -> AccessTokenInfo | None:
        """Return the token that is there already: what is asked for is its successor."""
        held = self.cache.peek(self.partition)
        return held.document.access_token(request.scopes, cae=False, now=time.time()) if held else None
