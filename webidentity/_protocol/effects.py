"""Effects: what a flow may ask its driver to do.

A flow is a generator that yields effects and returns a value. A driver performs each effect and sends the outcome back
into the generator, or throws the error. ``webidentity/_flows/README.md`` explains it on one page.

The effects are plain classes: a ``NamedTuple`` takes ten times as long to define, and every program pays for that.
"""

from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


#: The thread and the task that run a flow. The task is None if the flow blocks its thread.
Owner: TypeAlias = tuple[int, object | None]


class Send:
    """Send the request through the pipeline. The outcome is the HTTP response.

    ``options`` are keywords of azure-core's policies and transports for this request, such as ``retry_total``.
    ``subject`` names the user of a token request: if the authority throttles it, only requests for the same subject
    have to pause. It is the ID of the account if that is known.
    """

    __slots__ = __match_args__ = ("request", "options", "subject")

    def __init__(self, request: HttpRequest, options: Mapping[str, Any] = _NO_OPTIONS, subject: str = "") -> None:
        self.request: HttpRequest = request
        self.options: Mapping[str, Any] = options
        self.subject: str = subject


class Call:
    """Call the function. The outcome is its return value, awaited by the async driver if it is awaitable.

    If ``blocking`` is true, the function may wait for a disk or a lock, so the async driver calls it on a thread.
    """

    __slots__ = __match_args__ = ("function", "blocking")

    def __init__(self, function: Callable[[], Any], blocking: bool = False) -> None:
        self.function: Callable[[], Any] = function
        self.blocking: bool = blocking


def _always() -> bool:
    return True


def _ignore(*_: object) -> None:
    """Do nothing."""


class Wait:
    """Wait for another flow. The outcome is whether waiting was possible.

    It is False at once if waiting could never end, because the other flow needs the thread or task that would wait. It
    is False later if ``is_alive`` no longer returns true, for example because the event loop of the other flow was
    closed. The flow reads the result of the future itself.
    """

    __slots__ = __match_args__ = ("future", "owner", "is_alive")

    def __init__(self, future: "Future[Any]", owner: Owner, is_alive: Callable[[], bool] = _always) -> None:
        self.future: Future[Any] = future
        self.owner: Owner = owner
        self.is_alive: Callable[[], bool] = is_alive


class Start:
    """Run another flow that continues even if this one is cancelled, or stops waiting.

    If ``awaited`` is true, the outcome is the value of the other flow, or its error is raised at the yield. Otherwise
    this flow continues at once, errors of the other flow are dropped, and the outcome is whether it will run: False if
    too many flows are waiting for a thread already.

    ``adopt`` is called with the owner if that is known before the other flow runs, and ``drop`` if it will never run.
    """

    __slots__ = __match_args__ = ("flow", "awaited", "adopt", "drop")

    def __init__(
        self,
        flow: "Flow[Any]",
        awaited: bool = False,
        adopt: Callable[[Owner], object] = _ignore,
        drop: Callable[[], object] = _ignore,
    ) -> None:
        self.flow = flow
        self.awaited = awaited
        self.adopt = adopt
        self.drop = drop


class Sleep:
    """Wait for the seconds. The outcome is None."""

    __slots__ = __match_args__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds


class Run:
    """Run a program, without a shell and without input. The outcome is a :class:`Completed`.

    If the program cannot be started, OSError is raised at the yield. If it takes longer than ``timeout`` seconds, it is
    killed with all processes that it started, and TimeoutError is raised.

    ``argv`` starts with the absolute path, ``environment`` is the complete environment of the program, and ``folder``
    is its working directory.
    """

    __slots__ = __match_args__ = ("argv", "environment", "folder", "timeout")

    def __init__(
        self, argv: tuple[str, ...], environment: Mapping[str, str], folder: str, timeout: float | None
    ) -> None:
        self.argv: tuple[str, ...] = argv
        self.environment: Mapping[str, str] = environment
        self.folder: str = folder
        self.timeout: float | None = timeout

    def __repr__(self) -> str:
        """Leave the arguments and the environment out: both may contain secrets."""
        return f"Run({self.argv[0]!r}, timeout={self.timeout!r})"


class Completed:
    """The exit status and the output of a program. The output may contain tokens: redact it before showing it.

    ``stderr`` is empty if the program succeeded.
    """

    __slots__ = __match_args__ = ("returncode", "stdout", "stderr")

    def __init__(self, returncode: int, stdout: str, stderr: str) -> None:
        self.returncode: int = returncode
        self.stdout: str = stdout
        self.stderr: str = stderr

    def __repr__(self) -> str:
        """Leave the output out."""
        return f"Completed(returncode={self.returncode})"


Effect: TypeAlias = Send | Call | Wait | Start | Sleep | Run
Flow: TypeAlias = Generator[Effect, Any, T]
