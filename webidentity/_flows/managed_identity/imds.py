"""The instance metadata service (IMDS) of virtual machines, and of services that run on them."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from azure.core.rest import HttpRequest

from webidentity._flows.managed_identity.retries import Retries
from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._flows.token_call import IN_CHAIN
from webidentity._protocol.effects import Flow, Sleep
from webidentity._protocol.managed_identity.identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID, RequestedIdentity
from webidentity._protocol.managed_identity.reply import reject_proxy_reply
from webidentity._protocol.retry_after import read_retry_after
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import CredentialUnavailableError

#: Its address, unless AZURE_POD_IDENTITY_AUTHORITY_HOST names a different one.
ADDRESS = "http://169.254.169.254"
_PATH = "/metadata/identity/oauth2/token"
#: Seconds. The service is on the local link, so it answers fast or not at all.
CONNECTION_TIMEOUT = 2
_PROBE_TIMEOUT = 1


class ImdsSource(Source):
    """Retries transient failures. Within a chain, it first probes whether the service exists.

    :param options: the pipeline's keywords.
    """

    host = "IMDS"
    api_version = "2018-02-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "client_id", OBJECT_ID: "object_id", RESOURCE_ID: "msi_res_id"}

    def __init__(self, address: str | None, identity: RequestedIdentity, options: Mapping[str, Any]) -> None:
        super().__init__((address or ADDRESS).rstrip("/") + _PATH, identity)
        self._retries = Retries.of(options)
        self._connection_timeout = options.get("connection_timeout", CONNECTION_TIMEOUT)
        self._was_reached = bool(address)

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token."""
        if IN_CHAIN.get() and not self._was_reached:
            yield from self._probe(request)
        failures = 0
        while True:
            now = int(time.time())
            failures += 1
            try:
                # Retried here, because azure-core does not retry 410.
                options = {} if self._retries.is_custom else {"retry_total": 0}
                response = yield from self.send(
                    self.build_request(request), connection_timeout=self._connection_timeout, **options
                )
            except CredentialUnavailableError:
                if not request.may_wait or failures > self._retries.of_connections:
                    raise
                yield Sleep(self._retries.pause(failures, None, None))
                continue
            if not request.may_wait or failures > self._retries.of_status(response.status_code):
                break
            retry_after = read_retry_after(response.headers.get("Retry-After"), time.time())
            yield Sleep(self._retries.pause(failures, response.status_code, retry_after))
        reply, _ = self.read(response, now)
        self._was_reached = True
        return reply

    def _probe(self, request: SourceRequest) -> Flow[None]:
        """Check quickly whether the service exists, because the chain has other credentials to try.

        The probe has no Metadata header. The service refuses it at once, so no token is issued.

        :raises CredentialUnavailableError: there is no response.
        """
        probe = HttpRequest("GET", self.endpoint, params=self.parameters(request))
        limits = {"retry_total": 0, "connection_timeout": _PROBE_TIMEOUT, "read_timeout": _PROBE_TIMEOUT}
        response = yield from self.send(probe, **limits)
        reject_proxy_reply(response)
        self._was_reached = True
