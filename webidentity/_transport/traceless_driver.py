"""Errors that leave a credential without the frames they came through.

Debug pages and error reporters show the variables of every frame. Those of a token request are the client secret, a
refresh token, a caller's token; and below it, in the HTTP library, the body that has them all.
"""

import sys
import traceback
from typing import TypeVar

from azure.core.exceptions import AzureError

from webidentity._protocol.effects import Flow
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import ChainError

T = TypeVar("T")

_NOTE = "It came through:\n"


class TracelessDriver(SyncDriver):
    """Runs flows on the calling thread; their errors have no frames of the flow."""

    def run(self, flow: Flow[T]) -> T:
        """Run the flow to its end and return its value."""
        handled = sys.exception()
        try:
            return super().run(flow)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again
            raise without_frames(error, handled) from error.__cause__


class AsyncTracelessDriver(AsyncDriver):
    """Runs flows on the running event loop; their errors have no frames of the flow."""

    async def run(self, flow: Flow[T]) -> T:
        """Run the flow to its end and return its value."""
        handled = sys.exception()
        try:
            return await super().run(flow)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again
            raise without_frames(error, handled) from error.__cause__


def without_frames(error: Exception, handled: BaseException | None = None) -> Exception:
    """Take the frames off the error, and off all that caused it.

    What the caller was handling at that moment is the caller's own, and stays as it is. An error that nobody expected
    keeps, as a note, the lines of code that it came through: they have no values.
    """
    if not isinstance(error, AzureError | StoreUnavailableError) and not _has_note(error):
        error.add_note("".join([_NOTE, *traceback.format_tb(error.__traceback__)]))
    seen: set[int] = set() if handled is None else {id(handled)}
    left: list[BaseException | None] = [error]
    while left:
        current = left.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = None
        left += [current.__cause__, current.__context__]
        if isinstance(current, AzureError):
            # azure-core keeps what was being handled when the error was made.
            current.exc_traceback = None
            left += [current.exc_value, current.inner_exception]
        if isinstance(current, ChainError):
            left += [without_frames(attempt, handled) for _, attempt in current.attempts]
    return error


def _has_note(error: Exception) -> bool:
    """Whether it came by before: waiters get copies of one error, and a callable may raise the same one each time."""
    return any(str(note).startswith(_NOTE) for note in getattr(error, "__notes__", ()))
