"""Threads for blocking calls: disks and sockets.

They are not those of the event loop's default executor: all of these may be taken by callers that wait for the result
of a call made here, which would be a deadlock. The authority and the store have separate threads, so that a silent
authority does not delay reads of the store.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from webidentity._fork import renew_after_fork
from webidentity._transport.daemon_threads import DaemonThreads

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


_STORE = _Threads()
#: Requests that a caller waits for.
AUTHORITY = DaemonThreads("webidentity-authority", _MOST)
#: Flows that run beside the request that started them. A reply may have replaced a refresh token: the program gives it
#: a moment to be stored before it ends.
BACKGROUND = DaemonThreads("webidentity-background", 4, longest_queue=256, seconds_at_exit=2.0)


async def on_thread(function: Callable[[], T]) -> T:
    """Call the function on a thread for disks, in the caller's context, without blocking the event loop."""
    call = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_STORE.pool(), call, function)


async def on_authority_thread(function: Callable[[], T]) -> T:
    """Call the function on a thread for requests, in the caller's context, without blocking the event loop."""
    return await asyncio.wrap_future(AUTHORITY.submit(function))
