"""The instance metadata service of virtual machines and of much that is built on them."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from azure.core.rest import HttpRequest

from webidentity._flows.managed_identity.retries import Retries, read_retry_after
from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._flows.token_call import IN_CHAIN
from webidentity._protocol.effects import Flow, Sleep
from webidentity._protocol.managed_identity.identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID, RequestedIdentity
from webidentity._protocol.managed_identity.reply import refuse_proxys_answer
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import CredentialUnavailableError

#: Where it is, unless AZURE_POD_IDENTITY_AUTHORITY_HOST names another place.
ADDRESS = "http://169.254.169.254"
_PATH = "/metadata/identity/oauth2/token"
#: Seconds; who is not on this link will never answer.
CONNECTION_TIMEOUT = 2
_PROBE_TIMEOUT = 1


class ImdsSource(Source):
    """Asks again what passes, and first of all, within a chain, whether there is anybody to ask.

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
                # The retries are those of here: azure-core's know nothing of 410.
                options = {} if self._retries.is_users else {"retry_total": 0}
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
            asked = read_retry_after(response.headers.get("Retry-After"), time.time())
            yield Sleep(self._retries.pause(failures, response.status_code, asked))
        reply, _ = self.read(response, now)
        self._was_reached = True
        return reply

    def _probe(self, request: SourceRequest) -> Flow[None]:
        """Find out whether anybody is there; it must not take long, since the chain has others to ask.

        Without the Metadata header: the service refuses that at once, and no token is had that nobody wants.

        :raises CredentialUnavailableError: nobody is there.
        """
        probe = HttpRequest("GET", self.endpoint, params=self.parameters(request))
        limits = {"retry_total": 0, "connection_timeout": _PROBE_TIMEOUT, "read_timeout": _PROBE_TIMEOUT}
        response = yield from self.send(probe, **limits)
        refuse_proxys_answer(response)
        self._was_reached = True
