"""An asynchronous azure-core transport whose server is a local tenant."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from azure.core.pipeline.transport import AsyncHttpTransport

from .http_response import AsyncTenantHttpResponse
from .transport import RecordedRequest, exchange

if TYPE_CHECKING:
    from .server import Site


class AsyncTenantTransport(AsyncHttpTransport[Any, Any]):
    """Sends to a local tenant, in-process; the asynchronous twin of ``TenantTransport``."""

    def __init__(self, tenant: Site) -> None:
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
