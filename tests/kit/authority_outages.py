"""Outages of the authority of a site in this process: it throttles, or it is silent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.kit.sites import Site
from webidentity._transport.threads import BACKGROUND
from webidentity.testing import TenantResponse
from webidentity.testing.transports._http_response import TenantHttpResponse


@contextmanager
def throttling(transport: Any, seconds: int) -> Iterator[list[object]]:
    """Answer all requests to the authority with status 429 and this pause. Provides the requests."""
    asked, send = list[object](), transport.send

    def refuse(request: Any, **_: Any) -> Any:
        asked.append(request)
        headers = (("Retry-After", str(seconds)), ("Content-Type", "application/json"))
        return TenantHttpResponse(request, TenantResponse(429, headers, b'{"error": "temporarily_unavailable"}'))

    transport.send = refuse
    yield asked
    transport.send = send


class SilentAuthority:
    """Requests of the site wait until they are released."""

    def __init__(self, site: Site) -> None:
        self.released = threading.Event()
        self.received = threading.Event()
        self.requests = list[Any]()
        self._transport = site.world.transport
        self._send = self._transport.send
        self._transport.send = self._wait

    def _wait(self, request: Any, **kwargs: Any) -> Any:
        self.requests.append(request)
        self.received.set()
        self.released.wait(30)
        return self._send(request, **kwargs)

    def answer(self) -> None:
        """Answer all requests from now on."""
        self.released.set()
        assert BACKGROUND.wait(20)
        self._transport.send = self._send
