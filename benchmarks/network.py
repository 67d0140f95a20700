"""A token endpoint in this process: transports that reply at once or after a latency, and count requests."""

import asyncio
import json
import threading
import time
from types import TracebackType
from typing import Any

from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport
from azure.core.rest import HttpRequest

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"
RESOURCE = "https://graph.microsoft.com"
SCOPE = f"{RESOURCE}/.default"


class Response:
    """A response with the attributes that credentials and pipelines read."""

    def __init__(self, request: Any, document: dict[str, Any]) -> None:
        self._text = json.dumps(document)
        self.request = request
        self.status_code = 200
        self.reason = "OK"
        self.headers = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self.context: dict[str, Any] = {}

    def text(self, encoding: str | None = None) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()

    @property
    def content(self) -> bytes:
        return self._text.encode()

    def json(self) -> Any:
        return json.loads(self._text)


class Network:
    """Replies to discovery and token requests like an authority.

    :param latency: seconds that each request takes.
    """

    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self.token_requests = 0
        self.other_requests = 0
        self._lock = threading.Lock()

    def restart(self, latency: float) -> None:
        """Reset the counters and set the latency."""
        self.latency = latency
        self.token_requests = self.other_requests = 0

    def respond(self, request: Any) -> Response:
        """Count the request and return the reply of the authority."""
        token = request.url.partition("?")[0].endswith("/token")
        with self._lock:
            if token:
                self.token_requests += 1
            else:
                self.other_requests += 1
        if token:
            # azure-identity expects the resource in replies for managed identities.
            reply = {"token_type": "Bearer", "access_token": "t" * 1700, "expires_in": 3599, "resource": RESOURCE}
            return Response(request, reply)
        base = f"https://login.microsoftonline.com/{TENANT}"
        document = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        return Response(request, document)

    def transport(self) -> "SyncTransport":
        """Return a sync transport to this network."""
        return SyncTransport(self)

    def aio_transport(self) -> "AsyncTransport":
        """Return an async transport to this network."""
        return AsyncTransport(self)


class SyncTransport(HttpTransport[HttpRequest, Any]):
    """Waits on the calling thread."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def send(self, request: Any, **kwargs: Any) -> Any:
        time.sleep(self._network.latency)
        return self._network.respond(request)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...


class AsyncTransport(AsyncHttpTransport[HttpRequest, Any]):
    """Waits on the event loop."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def send(self, request: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(self._network.latency)
        return self._network.respond(request)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...
