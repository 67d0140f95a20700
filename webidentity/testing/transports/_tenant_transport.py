"""azure-core transports that send their requests to a local tenant, in-process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict

from webidentity.testing.transports._http_response import AsyncTenantHttpResponse, TenantHttpResponse
from webidentity.testing.transports._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    from webidentity.testing.transports._loopback_server import ServedApplication


#: The host to which clients send instance discovery for an unknown authority.
_PUBLIC_CLOUD = "login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that went through a transport, for assertions. Its repr shows the method only."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query string, each with its last value."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a urlencoded body, each with its last value."""
        return dict(parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True))


class TenantTransport(HttpTransport[Any, Any]):
    """An azure-core transport that sends its requests to a local tenant, in-process.

    ``requests`` records the requests; ``opened`` and ``closed`` count calls. A request to another host fails with
    ``ServiceRequestError``, as for an unreachable host. ``sleep`` returns at once and records the seconds in ``slept``.
    """

    def __init__(self, tenant: ServedApplication) -> None:
        self.tenant = tenant
        self.requests: list[RecordedRequest] = []
        self.slept: list[float] = []
        self.opened: int = 0
        self.closed: int = 0

    def open(self) -> None:
        """Count the call."""
        self.opened += 1

    def close(self) -> None:
        """Count the call."""
        self.closed += 1

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def sleep(self, duration: float) -> None:
        """Record the duration, without waiting."""
        self.slept.append(duration)

    def send(self, request: Any, **kwargs: Any) -> TenantHttpResponse:
        """Send a request of ``azure.core.rest`` or of azure-core's older pipeline."""
        del kwargs
        return TenantHttpResponse(request, exchange(self.tenant, request, self.requests))


def exchange(tenant: ServedApplication, request: Any, recorded: list[RecordedRequest]) -> TenantResponse:
    """Record an azure-core request and return the tenant's response."""
    headers = {str(name): str(value) for name, value in dict(request.headers).items()}
    body = encode_body(request, headers)
    record = RecordedRequest(str(request.method), str(request.url), case_insensitive_dict(headers), body)
    recorded.append(record)
    parts = urlsplit(record.url)
    instance_discovery = parts.netloc == _PUBLIC_CLOUD and parts.path == "/common/discovery/instance"
    if f"{parts.scheme}://{parts.netloc}" != tenant.base_url and not instance_discovery:
        message = f"This transport reaches {tenant.base_url} only, not {parts.scheme}://{parts.netloc}."
        raise ServiceRequestError(message)
    return tenant.handle(TenantRequest(record.method, record.url, record.headers, record.body))


def encode_body(request: Any, headers: dict[str, str]) -> bytes:
    """Encode a request's content, data or form as an HTTP library would."""
    if getattr(request, "files", None):
        raise ServiceRequestError("The local tenant does not support multipart bodies.")
    content: Any = request.content if isinstance(request, HttpRequest) else request.data
    if content is None:
        return b""
    if isinstance(content, Mapping):
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        pairs = cast("Mapping[str, Any]", content)
        return urlencode([(name, value) for name, value in pairs.items() if value is not None], doseq=True).encode()
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray):
        return bytes(content)
    if hasattr(content, "read"):
        return _bytes(content.read())
    return b"".join(_bytes(part) for part in cast("Iterable[str | bytes]", content))


def _bytes(part: str | bytes) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(part)


class AsyncTenantTransport(AsyncHttpTransport[Any, Any]):
    """The asynchronous version of :class:`TenantTransport`."""

    def __init__(self, tenant: ServedApplication) -> None:
        self.tenant = tenant
        self.requests: list[RecordedRequest] = []
        self.slept: list[float] = []
        self.opened: int = 0
        self.closed: int = 0

    async def open(self) -> None:
        """Count the call."""
        self.opened += 1

    async def close(self) -> None:
        """Count the call."""
        self.closed += 1

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()

    async def sleep(self, duration: float) -> None:
        """Record the duration, without waiting."""
        self.slept.append(duration)

    async def send(self, request: Any, **kwargs: Any) -> AsyncTenantHttpResponse:
        """Send a request. Other tasks run before the response, as they would over a network."""
        del kwargs
        await asyncio.sleep(0)
        return AsyncTenantHttpResponse(request, exchange(self.tenant, request, self.requests))
