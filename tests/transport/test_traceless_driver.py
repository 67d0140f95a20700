"""Errors of flows carry no variables."""

import asyncio
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from webidentity._protocol.effects import Call, Flow
from webidentity._transport.traceless_driver import AsyncTracelessDriver, TracelessDriver, without_frames
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import EntraError


def run(name: str, flow: Flow[Any]) -> Any:
    """Run the flow with one of the drivers."""
    if name == "sync":
        return TracelessDriver(lambda _: None).run(flow)
    return asyncio.run(AsyncTracelessDriver(lambda _: None).run(flow))  # type: ignore[arg-type, return-value]


def variables(error: BaseException) -> str:
    """Return the variables of all frames of the error and of what caused it."""
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
    """Fail with a secret among the variables, deep inside and in what caused the error."""
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
def test_an_error_leaves_without_frames(driver: str, make: Any) -> None:
    """The error itself, with its cause; what it says is as before."""
    with pytest.raises(type(make())) as raised:
        run(driver, failing(make))
    assert str(raised.value) == str(make())
    assert isinstance(raised.value.__cause__, ValueError)
    assert "the-secret" not in variables(raised.value)


def test_the_drivers_of_other_packages_would_have_shown_it() -> None:
    """The test above can fail."""
    from webidentity._transport.driver import SyncDriver

    with pytest.raises(KeyError) as raised:
        SyncDriver(lambda _: None).run(failing(lambda: KeyError("a mistake")))
    assert "the-secret" in variables(raised.value)


def test_a_mistake_of_ours_can_still_be_found() -> None:
    """An unexpected error has the lines of code it came through, which have no values."""
    with pytest.raises(KeyError) as raised:
        run("sync", failing(lambda: KeyError("a mistake")))
    [note] = raised.value.__notes__
    assert "in deeper" in note
    assert "the-secret" not in note


def test_causes_in_a_circle_come_to_an_end() -> None:
    """Nothing forbids them."""
    first, second = ServiceRequestError("first"), ServiceRequestError("second")
    first.__cause__, second.__context__ = second, first
    assert without_frames(first) is first


def test_what_succeeds_is_passed_on() -> None:
    """With both drivers."""

    def flow() -> Flow[int]:
        return (yield Call(lambda: 5))

    assert run("sync", flow()) == run("aio", flow()) == 5


def test_what_the_caller_was_handling_keeps_its_frames() -> None:
    """A get_token in an except block, as a fallback, may fail too: the first error is the caller's own."""

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
