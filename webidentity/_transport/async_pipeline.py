"""The azure-core pipeline of an async credential."""

from typing import Any

from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.rest import HttpRequest

from webidentity._transport.pipeline import SyncPipeline, policies_of, run_options, session_of
from webidentity._transport.threaded import ThreadedPipeline


class AioPipeline:
    """Sends for coroutines of any event loop.

    A transport or policies of the user's make an ``AsyncPipeline``; its owner knows on which loops it may be used.
    Otherwise requests go through a sync pipeline, on threads.

    :param options: azure-core's keywords, as for :class:`~webidentity._transport.pipeline.SyncPipeline`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._pipeline: Any = None
        self._transport: Any = None
        self._is_users = options.get("transport") is not None or options.get("policies") is not None
        self._sync = SyncPipeline(**options)
        self._threaded = ThreadedPipeline(self._sync)

    def __reduce__(self) -> Any:
        """Pickle without connections."""
        return _rebuild, (self._options,)

    async def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request and return the response, while the loop goes on."""
        if not self._is_users:
            return await self._threaded.send(request, **options)
        pipeline = await self.open()
        if "read_timeout" in options and _has_one_timeout(self._transport):
            del options["read_timeout"]
        return (await pipeline.run(request, **run_options(self._options, options))).http_response

    async def open(self) -> Any:
        """Return the opened pipeline."""
        if not self._is_users:
            return self._sync.open()
        if self._pipeline is None:
            transport = self._transport = self._options.get("transport") or _transport(self._options)
            pipeline: Any = AsyncPipeline(transport, policies=policies_of(self._options, AsyncRetryPolicy))
            await pipeline.__aenter__()
            self._pipeline = pipeline
        return self._pipeline

    async def close(self) -> None:
        """Close the transport, once; a later request opens it again."""
        if not self._is_users:
            self._sync.close()
            return
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            await pipeline.__aexit__()


def _transport(options: dict[str, Any]) -> Any:
    from azure.core.pipeline.transport import AsyncioRequestsTransport

    return AsyncioRequestsTransport(**session_of(options))


def _has_one_timeout(transport: Any) -> bool:
    """Whether the transport takes its connection_timeout for reading too, and stumbles over a read_timeout."""
    from azure.core.pipeline.transport import AsyncioRequestsTransport

    return isinstance(transport, AsyncioRequestsTransport)


def _rebuild(options: dict[str, Any]) -> AioPipeline:
    return AioPipeline(**options)
