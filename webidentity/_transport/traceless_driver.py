"""Drivers whose errors have no traceback frames.

Debug pages and error reporters show the variables of every frame. In the frames of a token request, these are client
secrets, refresh tokens and callers' tokens, and in the HTTP library the request body.
"""

import sys
import traceback
from typing import TypeVar

from azure.core.exceptions import AzureError

from webidentity._protocol.effects import Flow
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import AuthenticationRequiredError, ChainError

T = TypeVar("T")

_NOTE = "Traceback inside webidentity:\n"


class TracelessDriver(SyncDriver):
    """Runs flows on the calling thread. Their errors have no frames of the flow."""

    def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value."""
        handled = sys.exception()
        try:
            return super().run(flow)
        except Exception as error:  # noqa: BLE001 - raised again
            raise without_frames(error, handled) from error.__cause__


class AsyncTracelessDriver(AsyncDriver):
    """Runs flows on the running event loop. Their errors have no frames of the flow."""

    async def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value."""
        handled = sys.exception()
        try:
            return await super().run(flow)
        except Exception as error:  # noqa: BLE001 - raised again
            raise without_frames(error, handled) from error.__cause__


def without_frames(error: Exception, handled: BaseException | None = None) -> Exception:
    """Remove the frames of the error and of its causes, and return it.

    ``handled``, the exception that the caller is handling, stays as it is. An unexpected error gets a note with the
    lines of its traceback, which contain no values.
    """
    is_expected = isinstance(error, AzureError | AuthenticationRequiredError | StoreUnavailableError)
    if not is_expected and not _has_note(error):
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
            # azure-core keeps the exception that was being handled when the error was created.
            current.exc_traceback = None
            left += [current.exc_value, current.inner_exception]
        if isinstance(current, ChainError):
            left += [without_frames(attempt, handled) for _, attempt in current.attempts]
    return error


def _has_note(error: Exception) -> bool:
    """Whether the error has the note already: a callable may raise one object repeatedly, and waiters get copies."""
    return any(str(note).startswith(_NOTE) for note in getattr(error, "__notes__", ()))
