"""Requests of coroutines over a sync pipeline: one connection pool for every event loop."""

from functools import partial
from typing import Any

from azure.core.rest import HttpRequest

from webidentity._transport.pipeline import SyncPipeline


class ThreadedPipeline:
    """Sends for coroutines on threads.

    A connection of an async library belongs to its event loop, and somebody would have to close it before that loop
    ends; a sync pipeline does not care which loop waits for it.
    """

    def __init__(self, pipeline: SyncPipeline) -> None:
        self._pipeline = pipeline

    async def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request and return the response, while the loop goes on."""
        from webidentity._transport.threads import on_thread

        return await on_thread(partial(self._pipeline.send, request, **options))
