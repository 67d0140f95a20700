"""Threads for blocking calls, to disks and sockets.

They are not those of the event loop's default executor: all of these may be taken by callers that wait for the result
of a call made here, which would be a deadlock. The authority and the store have separate threads, so that a silent
authority does not delay reads of the store.
"""

import atexit
import contextvars
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from webidentity._fork import renew_after_fork

T = TypeVar("T")
_MOST = 32
_Job = tuple["Future[Any]", Callable[[], Any]]


class DaemonThreads:
    """A pool of daemon threads, started when they are needed, once for each process.

    ``ThreadPoolExecutor`` joins its threads when the program ends: one silent server would delay that for as long as
    the HTTP library waits.

    :param most: the number of threads.
    :param longest_queue: how many calls may wait for a thread. The default is any number.
    :param seconds_at_exit: how long the end of the program waits for calls that are running.
    """

    def __init__(self, name: str, most: int, *, longest_queue: float = math.inf, seconds_at_exit: float = 0.0) -> None:
        self._name = name
        self._most = most
        self._longest_queue = longest_queue
        self._seconds_at_exit = seconds_at_exit
        self._reset()
        renew_after_fork(self)
        if seconds_at_exit:
            atexit.register(self._finish)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._threads = self._idle = 0

    def after_fork(self) -> None:
        """Start with new threads: those of the parent process do not exist here."""
        self._reset()

    def submit(self, function: Callable[[], T]) -> "Future[T]":
        """Call the function on a thread, in the caller's context.

        :returns: the result, cancelled if too many calls are waiting already.
        """
        future: Future[T] = Future()
        context = contextvars.copy_context()
        with self._changed:
            if len(self._jobs) >= self._longest_queue:
                future.cancel()
                return future
            self._jobs.append((future, lambda: context.run(function)))
            if self._idle >= len(self._jobs) or self._threads >= self._most:
                # All of them: a single one may be a caller of wait().
                self._changed.notify_all()
                return future
            self._threads += 1
            number = self._threads
        threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()
        return future

    def wait(self, seconds: float) -> bool:
        """Wait until no call is running or waiting. Return whether that is so before the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_idle, seconds)

    @property
    def _is_idle(self) -> bool:
        return not self._jobs and self._idle == self._threads

    def _finish(self) -> None:
        with self._changed:
            for future, _ in self._jobs:
                future.cancel()
        self.wait(self._seconds_at_exit)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.notify_all()
                while not self._jobs:
                    self._changed.wait()
                self._idle -= 1
                future, call = self._jobs.popleft()
            _complete(future, call)
            # Do not keep the result while this thread waits for the next call.
            del future, call


def _complete(future: "Future[Any]", call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        value = call()
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller that waits
        future.set_exception(error)
    else:
        future.set_result(value)


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
    import asyncio  # not at the top: sync code uses this module too, and needs no event loop

    call = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_STORE.pool(), call, function)


async def on_authority_thread(function: Callable[[], T]) -> T:
    """Call the function on a thread for requests, in the caller's context, without blocking the event loop."""
    import asyncio

    return await asyncio.wrap_future(AUTHORITY.submit(function))
