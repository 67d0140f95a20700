"""The client credentials grant (RFC 6749 section 4.4): a token for the application itself."""

import os
from typing import TYPE_CHECKING

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.acquire import acquire
from webidentity._flows.acquisition import Acquisition
from webidentity._flows.client import Client
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._partition import Partition
from webidentity.cache._token_cache import TokenCache

if TYPE_CHECKING:  # imported only if a region is configured
    from webidentity._flows.region import Region


class ClientCredentials:
    """Acquires tokens for the application itself."""

    def __init__(self, client: Client, cache: TokenCache) -> None:
        self.client = client
        self.cache = cache
        self._region: Region | None = None

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token for the application."""
        client = self.client
        partition = Partition.app(
            client_id=client.client_id,
            authority=client.authority,
            tenant=request.tenant,
            authentication=client.authentication.fingerprint,
        )
        acquisition = Acquisition(partition, request, self._exchange, None, lambda reply: reply.expires_on)
        return acquire(self.cache, acquisition)

    def _exchange(self, request: TokenRequest) -> Flow[TokenReply]:
        regional = self.client
        if os.environ.get("AZURE_REGIONAL_AUTHORITY_NAME"):
            from webidentity._flows.region import Region

            region = self._region = self._region or Region()
            regional = regional._replace(authority=(yield from region.authority(regional.authority)))
        return (yield from regional.send(request.tenant, {"grant_type": "client_credentials", **request.fields}))
