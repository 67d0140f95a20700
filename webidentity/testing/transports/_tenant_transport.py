"""An azure-core transport whose server is a local tenant."""

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

from ._http_response import AsyncTenantHttpResponse, TenantHttpResponse
from ._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    from ._loopback_server import ServedApplication


#: Where clients ask about an authority they do not know.
_PUBLIC_CLOUD = "login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request that went through a transport, for assertions. Its repr shows the method alone."""

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
    """Sends to a local tenant, in-process.

    ``requests`` lists what was sent; ``opened`` and ``closed`` count. Requests to a host other than the tenant's fail
    as requests to a host that does not exist do. Sleeping is recorded in ``slept`` and takes no time.
    """

    def __init__(self, tenant: ServedApplication) -> None:
        self.tenant = tenant
        self.requests: list[RecordedRequest] = []
        self.slept: list[float] = []
        self.opened = 0
        self.closed = 0

    def open(self) -> None:
        """Count that the transport was opened."""
        self.opened += 1

    def close(self) -> None:
        """Count that the transport was closed."""
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
        """Record how long a policy wanted to wait."""
        self.slept.append(duration)

    def send(self, request: Any, **kwargs: Any) -> TenantHttpResponse:
        """The tenant's answer to a request of ``azure.core.rest`` or of the older pipeline."""
        del kwargs
        return TenantHttpResponse(request, exchange(self.tenant, request, self.requests))


def exchange(tenant: ServedApplication, request: Any, recorded: list[RecordedRequest]) -> TenantResponse:
    """Record an azure-core request and have the tenant answer it."""
    headers = {str(name): str(value) for name, value in dict(request.headers).items()}
    body = encode_body(request, headers)
    record = RecordedRequest(str(request.method), str(request.url), case_insensitive_dict(headers), body)
    recorded.append(record)
    parts = urlsplit(record.url)
    instance_discovery = parts.netloc == _PUBLIC_CLOUD and parts.path == "/common/discovery/instance"
    if f"{parts.scheme}://{parts.netloc}" != tenant.base_url and not instance_discovery:
        message = f"The transport answers for {tenant.base_url}, not for {parts.scheme}://{parts.netloc}."
        raise ServiceRequestError(message)
    return tenant.handle(TenantRequest(record.method, record.url, record.headers, record.body))


def encode_body(request: Any, headers: dict[str, str]) -> bytes:
    """The bytes that an HTTP library would send for a request's content, data or form."""
    if getattr(request, "files", None):
        raise ServiceRequestError("The local tenant takes no multipart bodies.")
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
    """Sends to a local tenant, in-process; the asynchronous twin of ``TenantTransport``."""

    def __init__(self, tenant: ServedApplication) -> None:
        self.tenant = tenant
        self.requests: list[RecordedRequest] = []
        self.slept: list[float] = []
        self.opened = 0
        self.closed = 0

    async def open(self) -> None:
        """Count that the transport was opened."""
        self.opened += 1

    async def close(self) -> None:
        """Count that the transport was closed."""
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
        """Record how long a policy wanted to wait."""
        self.slept.append(duration)

    async def send(self, request: Any, **kwargs: Any) -> AsyncTenantHttpResponse:
        """The tenant's answer; other tasks get a turn before it, as they would over a network."""
        del kwargs
        await asyncio.sleep(0)
        return AsyncTenantHttpResponse(request, exchange(self.tenant, request, self.requests))
