"""The instance metadata service (IMDS) of virtual machines, and of services that run on them.

Microsoft's guidance ("How to use managed identities on an Azure VM", retry guidance): 404, 410, 429 and 5xx are
transient. 410 is sent while the service is updated, which takes up to 70 seconds.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NamedTuple

from azure.core.rest import HttpRequest

from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._flows.token_call import IN_CHAIN
from webidentity._protocol.effects import Flow, Sleep
from webidentity._protocol.managed_identity import (
    CLIENT_ID,
    OBJECT_ID,
    RESOURCE_ID,
    RequestedIdentity,
    reject_proxy_reply,
)
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.unavailability import read_retry_after
from webidentity.errors import CredentialUnavailableError

#: Its address, unless AZURE_POD_IDENTITY_AUTHORITY_HOST names a different one.
ADDRESS = "http://169.254.169.254"
_PATH = "/metadata/identity/oauth2/token"
#: Seconds. The service is on the local link, so it answers fast or not at all.
CONNECTION_TIMEOUT = 2
_PROBE_TIMEOUT = 1
#: Sleeps are 0, 1.6, 3.2, 6.4 and 12.8 seconds.
_TOTAL, _FACTOR, _LONGEST = 5, 0.8, 60.0
#: After 410: 0, 5, 10, 20 and 40 seconds, 75 in total.
_FACTOR_WHILE_UPDATED = 2.5
#: Retries of failed connections, as in azure-core.
_CONNECTIONS = 3
_STATUSES = frozenset({404, 410, 429, *range(500, 600)})


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


class Retries(NamedTuple):
    """The retry settings of a credential.

    :param total: retries of a response.
    :param connections: retries of a failed connection.
    :param factor: the backoff factor. None for Microsoft's guidance: one factor for 410, another for the rest.
    :param longest: the longest pause, in seconds.
    :param more_statuses: further HTTP statuses to retry.
    """

    total: int = _TOTAL
    connections: int = _CONNECTIONS
    factor: float | None = None
    longest: float = _LONGEST
    more_statuses: Collection[int] = ()
    #: Whether a retry policy of the user retries instead.
    is_custom: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Retries":
        """Return the settings from the pipeline's keywords.

        If the user passed policies or a retry policy, only those retry.
        """
        if options.get("policies") is not None or options.get("retry_policy") is not None:
            return cls(total=0, is_custom=True)
        return cls(
            total=options.get("retry_total", _TOTAL),
            connections=options.get("retry_connect", _CONNECTIONS),
            factor=options.get("retry_backoff_factor"),
            longest=options.get("retry_backoff_max", _LONGEST),
            more_statuses=tuple(options.get("retry_on_status_codes", ())),
        )

    @property
    def of_connections(self) -> int:
        """How many times a failed connection is retried."""
        return min(self.total, self.connections)

    def of_status(self, status: int) -> int:
        """Return how many times a response with this status is retried."""
        return self.total if status in _STATUSES or status in self.more_statuses else 0

    def pause(self, failures: int, status: int | None, retry_after: float | None) -> float:
        """Return the seconds to wait after this number of consecutive failures.

        :param status: the HTTP status of the last response, or None if there was no response.
        :param retry_after: the seconds that the host asked to wait, or None.
        """
        if retry_after is not None:
            return min(retry_after, self.longest)
        factor = self.factor
        if factor is None:
            factor = _FACTOR_WHILE_UPDATED if status == 410 else _FACTOR
        return 0.0 if failures <= 1 else min(factor * 2 ** (failures - 1), self.longest)
