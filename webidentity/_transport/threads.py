"""Threads for the blocking calls of coroutines: disks and sockets.

They are not those of the event loop's default executor: all of these may be taken by callers that wait for the result
of a call made here, which would be a deadlock.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from webidentity._fork import renew_after_fork

T = TypeVar("T")
_MOST = 32


class _Threads:
    """A thread pool that is created on first use, once for each process."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Create new threads: those of the parent process do not exist here."""
        self._pool, self._lock = None, threading.Lock()

    def pool(self) -> ThreadPoolExecutor:
        """Return the pool."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_MOST, thread_name_prefix="webidentity")
            return self._pool


_THREADS = _Threads()


async def on_thread(function: Callable[[], T]) -> T:
    """Call the function on a thread, in the caller's context, without blocking the event loop."""
    call = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_THREADS.pool(), call, function)
