"""Responses of a local tenant as azure-core's response classes. The whole body is in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpResponse
from azure.core.utils import case_insensitive_dict

from webidentity.testing.transports._messages import TenantResponse


class ReceivedResponse:
    """The common part of the synchronous and the asynchronous response."""

    def __init__(self, request: Any, response: TenantResponse) -> None:
        self._request = request
        self._status = response.status
        self._headers = case_insensitive_dict(dict(response.headers))
        self._content = response.body
        self._encoding: str | None = None
        self._closed = False
        self._consumed = False

    @property
    def request(self) -> Any:
        """The request of this response."""
        return self._request

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Any:
        """The headers. Names are matched in any case."""
        return self._headers

    @property
    def reason(self) -> str:
        """The reason phrase of the status."""
        return HTTPStatus(self._status).phrase

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` header."""
        return cast("str | None", self._headers.get("Content-Type"))

    @property
    def is_closed(self) -> bool:
        """Whether the response was closed."""
        return self._closed

    @property
    def is_stream_consumed(self) -> bool:
        """Whether the body was read."""
        return self._consumed

    @property
    def encoding(self) -> str | None:
        """The encoding of the body; UTF-8 unless it was set."""
        return self._encoding or "utf-8"

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def url(self) -> str:
        """The URL of the request."""
        return str(self._request.url)

    @property
    def content(self) -> bytes:
        """The body."""
        return self._content

    def body(self) -> bytes:
        """The body, for azure-core's older pipeline."""
        return self._content

    def text(self, encoding: str | None = None) -> str:
        """The body as text."""
        return self._content.decode(encoding or self.encoding or "utf-8")

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.text())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._status} {self.reason}>"


class TenantHttpResponse(ReceivedResponse, HttpResponse):
    """A response of the tenant, as an ``azure.core.rest.HttpResponse``."""

    def raise_for_status(self) -> None:
        """Raise ``HttpResponseError`` for a status of 400 or more."""
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def close(self) -> None:
        """Close the response."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def read(self) -> bytes:
        """The body."""
        self._consumed = True
        self.close()
        return self.content

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:
        """The body, in one piece."""
        del kwargs
        yield self.read()

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        """The body, in one piece."""
        del kwargs
        yield self.read()

    def stream_download(self, pipeline: Any = None, **kwargs: Any) -> Iterator[bytes]:
        """The body in one piece, for azure-core's older pipeline."""
        del pipeline, kwargs
        return self.iter_bytes()


class AsyncTenantHttpResponse(ReceivedResponse, AsyncHttpResponse):
    """A response of the tenant, as an ``azure.core.rest.AsyncHttpResponse``."""

    def raise_for_status(self) -> None:
        """Raise ``HttpResponseError`` for a status of 400 or more."""
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    async def close(self) -> None:
        """Close the response."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()

    async def read(self) -> bytes:
        """The body."""
        self._consumed = True
        await self.close()
        return self.content

    async def iter_raw(self, **kwargs: Any) -> AsyncIterator[bytes]:
        """The body, in one piece."""
        del kwargs
        yield await self.read()

    async def iter_bytes(self, **kwargs: Any) -> AsyncIterator[bytes]:
        """The body, in one piece."""
        del kwargs
        yield await self.read()

    def stream_download(self, pipeline: Any = None, **kwargs: Any) -> AsyncIterator[bytes]:
        """The body in one piece, for azure-core's older pipeline."""
        del pipeline, kwargs
        return self.iter_bytes()

    async def load_body(self) -> None:
        """Read the body, for azure-core's older pipeline."""
        await self.read()
