"""Threads for what coroutines must not wait for: disks and sockets.

They are not the event loop's own. Those may all be taken by callers that wait for the very result that is worked on
here, and then nothing would ever move.
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
    """A pool that is made when it is first needed, once in each process."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start threads anew: the parent's are not here."""
        self._pool, self._lock = None, threading.Lock()

    def pool(self) -> ThreadPoolExecutor:
        """Return the pool."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_MOST, thread_name_prefix="webidentity")
            return self._pool


_THREADS = _Threads()


async def on_thread(function: Callable[[], T]) -> T:
    """Call the function on a thread, in the caller's context, while the loop goes on."""
    call = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_THREADS.pool(), call, function)
