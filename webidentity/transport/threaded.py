"""Requests of coroutines over a sync pipeline: one connection pool for every event loop."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from azure.core.rest import HttpRequest

from webidentity.fork import renew_after_fork
from webidentity.transport.pipeline import SyncPipeline

_THREADS = 32


class ThreadedPipeline:
    """Sends for coroutines on threads of its own.

    A web framework may give every async view a new event loop, which would need new connections each time; a sync
    pipeline does not care which loop waits for it.
    """

    def __init__(self, pipeline: SyncPipeline) -> None:
        self._pipeline = pipeline
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start threads anew: the parent's are not here."""
        self._threads, self._lock = None, threading.Lock()

    async def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request and return the response, while the loop goes on."""
        import asyncio

        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webidentity")
        send = partial(self._pipeline.send, request, **options)
        return await asyncio.get_running_loop().run_in_executor(self._threads, send)
