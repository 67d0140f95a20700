"""Limits for replies: their size, and the time that they take.

An authority, or a proxy in its place, could otherwise fill the memory with a compressed reply, or occupy a thread with
a reply that never ends.
"""

import time
from contextlib import suppress
from typing import Any

from azure.core.exceptions import AzureError, ServiceResponseError, ServiceResponseTimeoutError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy, HTTPPolicy
from azure.core.pipeline.policies._utils import parse_retry_after

from webidentity.errors import EntraError

#: The most bytes of a reply, decoded. The longest replies, key sets and federation metadata, have about 200 kB.
LARGEST_REPLY = 1024 * 1024
#: Seconds that a reply may take from its first header to its last byte, unless the read timeout is longer.
LONGEST_REPLY = 60.0
_RETRY_HEADERS = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms")
#: Seconds. A longer pause is not meant for a program that waits.
_LONGEST_PAUSE = 24 * 3600.0
#: What Python's HTTP libraries raise for malformed replies, apart from the exceptions that azure-core translates.
_MALFORMED = (ValueError, LookupError, ArithmeticError, TimeoutError)
#: Modules with transports that are built on those of azure-core.
_OWN_TRANSPORTS = ("webidentity._transport.limited_transport",)
#: The libraries that have exceptions of their own for them.
_LIBRARIES = ("http.", "requests.", "urllib3.", "aiohttp.")


class ReplyLimitsPolicy(HTTPPolicy[Any, Any]):
    """Reads the reply within the limits. As the last policy, it limits each attempt of a retry policy."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request and read the reply.

        :raises EntraError: the reply is too long.
        :raises ServiceResponseTimeoutError: it takes too long.
        :raises ServiceResponseError: it is malformed.
        """
        if not _prepare(request):
            return _checked(self.next.send(request))
        body = _Body()
        try:
            response = self.next.send(request)
            reply = response.http_response
            body.check(reply)
            try:
                for chunk in reply.iter_bytes():
                    body.add(chunk)
            except BaseException:
                reply.close()
                raise
            reply._content = body.content  # noqa: SLF001 - azure-core has no public way to read a part and keep it
            reply.read()
        except Exception as error:
            if not _is_malformed(error):
                raise
            raise _malformed(error) from error
        return _checked(response)


class AsyncReplyLimitsPolicy(AsyncHTTPPolicy[Any, Any]):
    """The same for transports with coroutines."""

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request and read the reply."""
        if not _prepare(request):
            return _checked(await self.next.send(request))
        body = _Body()
        try:
            response = await self.next.send(request)
            reply = response.http_response
            body.check(reply)
            try:
                async for chunk in reply.iter_bytes():
                    body.add(chunk)
            except BaseException:
                await reply.close()
                raise
            reply._content = body.content  # noqa: SLF001 - as above
            await reply.read()
        except Exception as error:
            if not _is_malformed(error):
                raise
            raise _malformed(error) from error
        return _checked(response)


class _Body:
    """The body of one reply while it is read."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._deadline = time.monotonic() + LONGEST_REPLY

    def check(self, reply: Any) -> None:
        """Check the headers. A body that is compressed twice can grow by a factor of a million."""
        if "," in reply.headers.get("content-encoding", ""):
            raise _too_long()

    def add(self, chunk: bytes) -> None:
        """Add a part of the body."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > LARGEST_REPLY:
            raise _too_long()
        if time.monotonic() > self._deadline:
            raise TimeoutError

    @property
    def content(self) -> bytes:
        """The whole body."""
        return b"".join(self._chunks)


def _prepare(request: PipelineRequest[Any]) -> bool:
    """Ask azure-core's own transports not to read the body. Return whether the transport is one of them.

    Other transports may not know ``stream``, or may read the body themselves.
    """
    module = type(request.context.transport).__module__
    streams = module.startswith("azure.core.") or module in _OWN_TRANSPORTS
    if streams:
        request.context.options["stream"] = True
    return streams


def _checked(response: PipelineResponse[Any, Any]) -> PipelineResponse[Any, Any]:
    """Return the response without headers that azure-core's retry policies cannot read."""
    reply = response.http_response
    content = getattr(reply, "content", None)
    if isinstance(content, bytes) and len(content) > LARGEST_REPLY:
        raise _too_long()
    headers: Any = getattr(reply, "headers", None) or {}
    for name in [name for name in headers if name.lower() in _RETRY_HEADERS]:
        if not _is_pause(headers[name]):
            with suppress(TypeError):
                del headers[name]
    return response


def _is_pause(value: str) -> bool:
    try:
        # nan compares as false.
        return parse_retry_after(value) <= _LONGEST_PAUSE * 1000
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return False


def _too_long() -> EntraError:
    return EntraError(
        f"Authentication failed: the reply is longer than {LARGEST_REPLY} bytes, so it was not read. Check the "
        "authority, and whether a proxy sent the reply."
    )


def _is_malformed(error: Exception) -> bool:
    if isinstance(error, AzureError):
        return False
    if type(error) is RuntimeError:
        # urllib3's, when requests skips the body of a redirection that it could not decode.
        return "decode_content" in str(error)
    return isinstance(error, _MALFORMED) or type(error).__module__.startswith(_LIBRARIES)


def _malformed(error: Exception) -> ServiceResponseError:
    if isinstance(error, TimeoutError):
        return ServiceResponseTimeoutError("The reply takes too long.")
    return ServiceResponseError(f"The reply is not valid HTTP ({type(error).__name__}).", error=error)
