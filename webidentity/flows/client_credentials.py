"""The client credentials grant (RFC 6749 section 4.4): a token for the application itself."""

from dataclasses import dataclass, field, replace

from azure.core.credentials import AccessTokenInfo

from webidentity.cache.partition import Partition
from webidentity.cache.token_cache import TokenCache
from webidentity.flows.acquire import Acquisition, acquire
from webidentity.flows.client import Client
from webidentity.flows.region import Region
from webidentity.protocol.effects import Flow
from webidentity.protocol.token_reply import TokenReply
from webidentity.protocol.token_request import TokenRequest


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Acquires the application's own tokens."""

    client: Client
    cache: TokenCache
    region: Region = field(default_factory=Region)

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token for the application."""
        client = self.client
        partition = Partition.app(
            client_id=client.client_id,
            authority=client.authority,
            tenant=request.tenant,
            proof=client.proof.fingerprint,
        )
        acquisition = Acquisition(partition, request, self._exchange, None, lambda reply: reply.expires_on)
        return acquire(self.cache, acquisition)

    def _exchange(self, request: TokenRequest) -> Flow[TokenReply]:
        client = self.client
        regional = replace(client, authority=(yield from self.region.authority(client.authority)))
        return (yield from regional.send(request.tenant, {"grant_type": "client_credentials", **request.fields}))
