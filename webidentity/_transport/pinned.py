"""Connections to a server that is identified by the thumbprint of its certificate."""

from typing import Any

from requests import Response, Session
from requests.exceptions import SSLError

from webidentity._transport.limited_transport import LimitedAdapter
from webidentity.errors import EntraError


class _PinnedAdapter(LimitedAdapter):
    """Connects only if the certificate has the thumbprint. Its issuer and its name are not checked."""

    def __init__(self, thumbprint: str) -> None:
        self._thumbprint = thumbprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(self._pin())
        super().init_poolmanager(*args, **kwargs)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, **self._pin()})

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:  # noqa: ARG002
        # The thumbprint replaces the caller's connection_verify.
        host, _ = super().build_connection_pool_key_attributes(request, verify=False, cert=None)
        return host, self._pin()

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002 - as requests calls it
        conn.cert_reqs = "CERT_NONE"
        conn.assert_fingerprint = self._thumbprint

    def _pin(self) -> dict[str, str]:
        return {"cert_reqs": "CERT_NONE", "assert_fingerprint": self._thumbprint}


class PinnedSession(Session):
    """Sends requests over TLS, only to the server with this certificate.

    :param thumbprint: the SHA-1 or SHA-256 digest of the certificate, in hexadecimal.
    """

    def __init__(self, thumbprint: str) -> None:
        super().__init__()
        self.adapters.clear()
        self.mount("https://", _PinnedAdapter(thumbprint))

    def send(self, request: Any, **kwargs: Any) -> Response:
        """Send one request.

        :raises EntraError: the server has a different certificate. Nothing of the request was sent.
        """
        try:
            return super().send(request, **kwargs)
        except SSLError as error:
            # An authentication error: it is not retried, and a chain stops at it.
            raise EntraError(
                "The Service Fabric endpoint does not match IDENTITY_SERVER_THUMBPRINT, so nothing was sent to it: it "
                "has a different certificate, or does not use TLS. If the certificate of the cluster was replaced, "
                "restart this program."
            ) from error
