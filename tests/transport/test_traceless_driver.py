"""Errors of flows contain no variables."""

import asyncio
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from webidentity._protocol.effects import Call, Flow
from webidentity._transport.traceless_driver import AsyncTracelessDriver, TracelessDriver, without_frames
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import EntraError


def run(name: str, flow: Flow[Any]) -> Any:
    """Run the flow with the driver of that name."""
    if name == "sync":
        return TracelessDriver(lambda _: None).run(flow)
    return asyncio.run(AsyncTracelessDriver(lambda _: None).run(flow))


def variables(error: BaseException) -> str:
    """Return the variables in all frames of the error and its causes."""
    found: list[str] = []
    left: list[Any] = [error]
    seen: set[int] = set()
    while left:
        current = left.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        frames = current.__traceback__
        while frames:
            file_name, found_here = frames.tb_frame.f_code.co_filename, frames.tb_frame.f_locals
            if "test_traceless_driver" not in file_name or "secret" in found_here:
                found.append(repr(found_here))
            frames = frames.tb_next
        left += [current.__cause__, current.__context__, getattr(current, "exc_value", None)]
    return "\n".join(found)


def failing(make: Any) -> Flow[None]:
    """Raise an error with a secret in its variables and in those of its cause."""
    secret = "the-secret"

    def deeper() -> None:
        secret = "the-secret"
        try:
            raise ValueError(len(secret))
        except ValueError as cause:
            raise make() from cause

    yield Call(deeper)
    raise AssertionError(secret)


@pytest.mark.parametrize("driver", ["sync", "aio"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: EntraError("refused"),
        lambda: ServiceRequestError("unreachable"),
        lambda: StoreUnavailableError("down"),
        lambda: KeyError("a mistake"),
    ],
)
def test_an_error_has_no_frames(driver: str, make: Any) -> None:
    """The same error with its cause and its message."""
    with pytest.raises(type(make())) as raised:
        run(driver, failing(make))
    assert str(raised.value) == str(make())
    assert isinstance(raised.value.__cause__, ValueError)
    assert "the-secret" not in variables(raised.value)


def test_an_ordinary_driver_keeps_the_frames() -> None:
    """The test above can fail."""
    from webidentity._transport.driver import SyncDriver

    with pytest.raises(KeyError) as raised:
        SyncDriver(lambda _: None).run(failing(lambda: KeyError("a mistake")))
    assert "the-secret" in variables(raised.value)


def test_an_unexpected_error_has_its_traceback_as_a_note() -> None:
    """The note has the lines of code, which contain no values."""
    with pytest.raises(KeyError) as raised:
        run("sync", failing(lambda: KeyError("a mistake")))
    [note] = raised.value.__notes__
    assert "in deeper" in note
    assert "the-secret" not in note


def test_circular_causes_end() -> None:
    """Python does not prevent them."""
    first, second = ServiceRequestError("first"), ServiceRequestError("second")
    first.__cause__, second.__context__ = second, first
    assert without_frames(first) is first


def test_a_successful_flow_returns_its_value() -> None:
    """Both drivers return the value of the flow."""

    def flow() -> Flow[int]:
        return (yield Call(lambda: 5))

    assert run("sync", flow()) == run("aio", flow()) == 5


def test_the_exception_that_the_caller_handles_keeps_its_frames() -> None:
    """A get_token in an except block may fail too: the first error belongs to the caller."""

    def fall_back() -> None:
        try:
            {}["missing"]
        except KeyError as first:
            kept.append(first)
            TracelessDriver(lambda _: None).run(_short())

    kept: list[KeyError] = []
    with pytest.raises(LookupError, match="of the flow"):
        fall_back()
    assert kept[0].__traceback__ is not None


def _short() -> Flow[None]:
    yield from ()
    raise LookupError("of the flow")
