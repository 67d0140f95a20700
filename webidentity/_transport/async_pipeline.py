"""The azure-core pipelines of async code."""

from functools import partial
from typing import Any

from azure.core import pipeline as azure_pipeline
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.rest import HttpRequest

from webidentity._transport.pipeline import SyncPipeline, policies_of, run_options, session_of
from webidentity._transport.reply_limits import AsyncReplyLimitsPolicy
from webidentity._transport.user_transport import complete_async


class ThreadedPipeline:
    """Sends the requests of coroutines over a sync pipeline, on threads: one connection pool for every event loop.

    A connection of an async library belongs to its event loop and must be closed before that loop ends. The
    connections of a sync pipeline can be used from any loop.
    """

    def __init__(self, pipeline: SyncPipeline) -> None:
        self._pipeline = pipeline

    async def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request without blocking the event loop, and return the response."""
        from webidentity._transport.threads import on_authority_thread

        return await on_authority_thread(partial(self._pipeline.send, request, **options))


class AsyncPipeline:
    """Sends the requests of coroutines, on any event loop.

    If the user passed a transport or policies, requests go through azure-core's ``AsyncPipeline``, which may be used on
    the event loops that the transport supports. Otherwise they go through a :class:`ThreadedPipeline`.

    :param options: azure-core's keywords, as for :class:`~webidentity._transport.pipeline.SyncPipeline`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._pipeline: Any = None
        self._transport: Any = None
        self._is_custom = options.get("transport") is not None or options.get("policies") is not None
        self._sync = SyncPipeline(**options)
        self._threaded = ThreadedPipeline(self._sync)

    def __reduce__(self) -> Any:
        """Pickle without connections."""
        return _rebuild, (self._options,)

    async def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request without blocking the event loop, and return the response."""
        if not self._is_custom:
            return await self._threaded.send(request, **options)
        pipeline = await self.open()
        if "read_timeout" in options and _has_one_timeout(self._transport):
            del options["read_timeout"]
        return (await pipeline.run(request, **run_options(self._options, options))).http_response

    async def open(self) -> Any:
        """Return the opened pipeline."""
        if not self._is_custom:
            return self._sync.open()
        if self._pipeline is None:
            given = self._options.get("transport")
            self._transport = _transport(self._options) if given is None else given
            pipeline: Any = azure_pipeline.AsyncPipeline(
                complete_async(self._transport),
                policies=[*policies_of(self._options, AsyncRetryPolicy), AsyncReplyLimitsPolicy()],
            )
            # Set before waiting: a concurrent request must not enter the transport again.
            self._pipeline = pipeline
            try:
                await pipeline.__aenter__()
            except BaseException:
                self._pipeline = None
                raise
        return self._pipeline

    async def close(self) -> None:
        """Close the transport, once. A later request opens it again."""
        if not self._is_custom:
            self._sync.close()
            return
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            await pipeline.__aexit__()


def _transport(options: dict[str, Any]) -> Any:
    from azure.core.pipeline.transport import AsyncioRequestsTransport

    return AsyncioRequestsTransport(**session_of(options))


def _has_one_timeout(transport: Any) -> bool:
    """Whether the transport uses connection_timeout for reading too, and rejects read_timeout."""
    from azure.core.pipeline.transport import AsyncioRequestsTransport

    return isinstance(transport, AsyncioRequestsTransport)


def _rebuild(options: dict[str, Any]) -> AsyncPipeline:
    return AsyncPipeline(**options)
