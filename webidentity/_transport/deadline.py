"""The time that a flow may wait."""

import time
from typing import TYPE_CHECKING, Any

from webidentity.errors import AuthorityUnavailableError

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

#: Seconds after which a caller should try again whose time was over.
_RETRY_AFTER = 5
#: Seconds that a call waits for a thread. If all of them wait for a silent authority, it will not get one in time.
_LONGEST_QUEUE = 2.0


class Deadline:
    """A point in time, or none.

    :param seconds: from now on. None is without limit.
    """

    __slots__ = ("_end",)

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return self._end is None

    def options(self, subject: str) -> dict[str, Any]:
        """Return the keywords of a request for a pipeline that respects limits."""
        return {} if self._end is None else {"deadline": self, "subject": subject}

    def left(self) -> float | None:
        """Return the seconds that are left, or None if there is no limit.

        :raises AuthorityUnavailableError: the time is over.
        """
        if self._end is None:
            return None
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise out_of_time()
        return seconds

    def wait(self, future: "Future[Any]", seconds: float) -> bool:
        """Wait at most the seconds for the future, and return whether it is done.

        :raises AuthorityUnavailableError: the time is over.
        """
        from concurrent.futures import wait

        left = self.left()
        return bool(wait((future,), seconds if left is None else min(left, seconds)).done)

    def result(self, future: "Future[Any]", host: str = "") -> Any:
        """Return the result of the call on another thread, or raise its error.

        :raises AuthorityUnavailableError: the time is over, or the call found no thread. It is cancelled unless it has
            started.
        """
        from concurrent.futures import wait

        try:
            done = wait((future,), self._queue_time()).done
            if not done and not future.cancel():
                done = wait((future,), self.left()).done
        finally:
            future.cancel()
        if not done:
            raise out_of_time(host)
        return future.result()

    async def await_(self, future: "asyncio.Future[Any]", seconds: float) -> bool:
        """Wait as :meth:`wait` does, without blocking the event loop."""
        import asyncio

        try:
            left = self.left()
            done, _ = await asyncio.wait((future,), timeout=seconds if left is None else min(left, seconds))
        finally:
            future.cancel()
        return bool(done)

    async def aresult(self, future: "Future[Any]", host: str = "") -> Any:
        """Return as :meth:`result` does, without blocking the event loop."""
        import asyncio

        waiting = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait((waiting,), timeout=self._queue_time())
            if not done and not future.cancel():
                done, _ = await asyncio.wait((waiting,), timeout=self.left())
        finally:
            waiting.cancel()
        if not done:
            raise out_of_time(host)
        return waiting.result()

    def _queue_time(self) -> float:
        left = self.left()
        return _LONGEST_QUEUE if left is None else min(left, _LONGEST_QUEUE)


def out_of_time(host: str = "") -> AuthorityUnavailableError:
    """Return the error for a request that was not answered in time.

    :param host: the authority's, if it is known.
    """
    name = f"The authority {host}" if host else "The authority"
    return AuthorityUnavailableError(f"{name} did not answer in time.", retry_after=_RETRY_AFTER)
