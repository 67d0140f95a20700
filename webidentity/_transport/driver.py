"""The two drivers, which perform the effects of a flow on this thread or on this event loop."""

import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from webidentity._protocol.effects import Call, Effect, Flow, Run, Send, Sleep, Start, Wait
from webidentity._transport.deadline import Deadline

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

#: Seconds after which a waiter checks whether the flow that it waits for can still complete.
_WAIT = 1.0
#: Tasks of flows that are not awaited: an event loop keeps only weak references to its tasks.
_TASKS: set["asyncio.Task[Any]"] = set()


class SyncDriver:
    """Runs flows on the calling thread.

    :param send: sends a request, with the options of the effect as keywords, and returns the response.
    :param seconds: how long one flow may wait for the authority and for other flows. None is without limit.
    :param beside: runs the flows that continue without their caller. The default is this driver. Required with
        ``seconds``.
    """

    def __init__(
        self, send: Callable[..., Any], *, seconds: float | None = None, beside: "SyncDriver | None" = None
    ) -> None:
        self._send = send
        self._seconds = seconds
        self._beside = beside

    def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value. Errors of effects are raised inside the flow."""
        deadline = Deadline(self._seconds)
        try:
            effect = next(flow)
            while True:
                try:
                    # Most flows of a web request yield this effect alone.
                    outcome = _settled(effect.function()) if type(effect) is Call else self._perform(effect, deadline)
                except BaseException as error:  # noqa: BLE001 - also an interrupt: the flow must clean up
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def _perform(self, effect: Effect, deadline: Deadline) -> Any:
        match effect:
            case Send(request, options, subject):
                return self._send(request, **deadline.options(subject), **options)
            case Call(function):
                return _settled(function())
            case Wait(future, (thread, _), is_alive):
                if thread == threading.get_ident():
                    return False
                while not deadline.wait(future, _WAIT):
                    if not is_alive():
                        return False
                return True
            case Start(flow, awaited=True):
                # Nothing cancels a thread, so this one can run the flow, unless its time is limited.
                if deadline.is_open:
                    return (self._beside or self).run(flow)
                return deadline.result(_on_authority_thread(self._beside or self, effect))
            case Start():
                return _in_background(self._beside or self, effect)
            case Sleep(seconds):
                return sleep(seconds)
            case Run():
                from webidentity._transport.programs import run_program

                return run_program(effect)


class AsyncDriver:
    """Runs flows on the running event loop.

    :param send: coroutine function that sends a request, with the options of the effect as keywords, and returns the
        response.
    :param seconds: how long one flow may wait for the authority and for other flows. None is without limit.
    :param beside: runs the flows that continue without their caller, on threads. The default is a task of this driver,
        which ends with its event loop.
    """

    def __init__(
        self,
        send: Callable[..., Awaitable[Any]],
        *,
        seconds: float | None = None,
        beside: SyncDriver | None = None,
    ) -> None:
        self._send = send
        self._seconds = seconds
        self._beside = beside

    async def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value. Errors of effects and cancellation are raised inside the flow."""
        deadline = Deadline(self._seconds)
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = await self._perform(effect, deadline)
                except BaseException as error:  # noqa: BLE001 - also cancellation: the flow must clean up
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def _perform(self, effect: Effect, deadline: Deadline) -> Any:
        match effect:
            case Send(request, options, subject):
                return await self._send(request, **deadline.options(subject), **options)
            case Call(function, blocking=True):
                from webidentity._transport.threads import on_thread

                return await on_thread(function)
            case Call(function):
                outcome = function()
                # Not inspect.isawaitable, which takes much longer: most outcomes are not awaitable.
                return await outcome if hasattr(outcome, "__await__") else outcome
            case Wait(future, (thread, task), is_alive):
                import asyncio

                # A leader without a task blocks its thread. On this thread, it can only finish after this flow has.
                if thread == threading.get_ident() and (task is None or task is asyncio.current_task()):
                    return False
                # The future of a flight is marked as running, so cancelling one waiter does not cancel the others.
                while not await deadline.await_(asyncio.wrap_future(future), _WAIT):
                    if not is_alive():
                        return False
                return True
            case Start():
                return await self._start(effect, deadline)
            case Sleep(seconds):
                return await asleep(seconds)
            case Run():
                from webidentity._transport.programs import arun_program

                return await arun_program(effect)

    async def _start(self, start: Start, deadline: Deadline) -> Any:
        import asyncio

        if self._beside is None:
            task = self._task(start)
            return await asyncio.shield(task) if start.awaited else True
        if start.awaited:
            return await deadline.aresult(_on_authority_thread(self._beside, start))
        return _in_background(self._beside, start)

    def _task(self, start: Start) -> "asyncio.Task[Any]":
        import asyncio

        def settle(task: "asyncio.Task[Any]") -> None:
            _TASKS.discard(task)
            start.drop()
            if not task.cancelled():
                # Otherwise asyncio logs an error that no caller waits for.
                task.exception()

        task = asyncio.get_running_loop().create_task(AsyncDriver.run(self, start.flow))
        start.adopt((threading.get_ident(), task))
        _TASKS.add(task)
        task.add_done_callback(settle)
        return task


def _on_authority_thread(driver: SyncDriver, start: Start) -> Any:
    """Run the flow on a thread for requests and return its future. Once started, it continues without its caller."""
    from webidentity._transport.threads import AUTHORITY

    future = AUTHORITY.submit(lambda: driver.run(start.flow))
    # It may be cancelled while it waits for a thread.
    future.add_done_callback(lambda _: start.drop())
    return future


def _in_background(driver: SyncDriver, start: Start) -> bool:
    from webidentity._transport.threads import BACKGROUND

    future = BACKGROUND.submit(lambda: driver.run(start.flow))
    # The queue may be full, and it is emptied when the program ends.
    future.add_done_callback(lambda _: start.drop())
    return not future.cancelled()


def _settled(outcome: Any) -> Any:
    if inspect.iscoroutine(outcome):
        outcome.close()
        raise TypeError("a coroutine function needs an async credential: import it from webidentity.aio")
    return outcome


def send_nothing(*_: object, **__: object) -> NoReturn:
    """Reject every request, for flows that must not send any.

    :raises TypeError: always.
    """
    raise TypeError("this driver has no transport")


def sleep(seconds: float) -> None:
    """Block this thread for the seconds."""
    time.sleep(seconds)


async def asleep(seconds: float) -> None:
    """Wait for the seconds without blocking the event loop."""
    import asyncio

    await asyncio.sleep(seconds)
