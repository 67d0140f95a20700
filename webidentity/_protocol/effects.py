"""What a flow may ask of its driver.

A flow is a generator that yields effects and returns a value. A driver performs each effect and sends the outcome
back in, or throws the error back in. ``webidentity/flows/README.md`` explains the whole in one page.
"""

from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


class Send(NamedTuple):
    """Send the request through the pipeline; the outcome is the HTTP response.

    ``options`` are keywords of azure-core's policies and transports for this request, such as ``retry_total``.
    """

    request: HttpRequest
    options: Mapping[str, Any] = MappingProxyType({})


class Call(NamedTuple):
    """Call the function; the outcome is what it returns, awaited if it is awaitable.

    ``blocking`` says that it may wait for a disk or a lock, so the async driver calls it on a thread.
    """

    function: Callable[[], Any]
    blocking: bool = False


class Wait(NamedTuple):
    """Wait for another flow; the outcome is whether waiting was possible.

    A driver answers False at once when waiting could never end: the flow to wait for needs the very thread or task
    that would wait. The future's own outcome is read by the flow.
    """

    future: "Future[Any]"
    owner: tuple[int, object | None]


class Sleep(NamedTuple):
    """Let the seconds pass; nothing comes back."""

    seconds: float


class Run(NamedTuple):
    """Run a program, without a shell and without input; the outcome is a :class:`Completed`.

    A program that cannot be started is an OSError at the yield; one that takes longer than ``timeout`` seconds is
    killed, with those it started, and is a TimeoutError.

    ``argv`` begins with the absolute path, ``environment`` is all that the program gets, ``folder`` is its working
    directory.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    timeout: float | None


class Completed(NamedTuple):
    """How a program ended. What it printed may hold tokens: nothing of it is shown unless it was redacted."""

    returncode: int
    stdout: str
    #: Of a program that failed; empty when it succeeded.
    stderr: str

    def __repr__(self) -> str:
        """No output."""
        return f"Completed(returncode={self.returncode})"


Effect: TypeAlias = Send | Call | Wait | Sleep | Run
Flow: TypeAlias = Generator[Effect, Any, T]
