"""The two drivers, which perform the effects of a flow on this thread or on this event loop."""

import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

from webidentity._protocol.effects import Call, Effect, Flow, Run, Send, Sleep, Wait

T = TypeVar("T")


class SyncDriver:
    """Runs flows on the calling thread.

    :param send: sends a request, with the options of the effect as keywords, and returns the response.
    """

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value. Errors of effects are raised inside the flow."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - also an interrupt: the flow must clean up
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(request, options):
                return self._send(request, **options)
            case Call(function):
                return _settled(function())
            case Wait(future, (thread, _)):
                if thread == threading.get_ident():
                    return False
                future.result()
                return True
            case Sleep(seconds):
                return sleep(seconds)
            case Run():
                from webidentity._transport.programs import run_program

                return run_program(effect)


class AsyncDriver:
    """Runs flows on the running event loop.

    :param send: coroutine function that sends a request, with the options of the effect as keywords, and returns the
        response.
    """

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send

    async def run(self, flow: Flow[T]) -> T:
        """Run the flow and return its value. Errors of effects and cancellation are raised inside the flow."""
        try:
            effect = next(flow)
            while True:
                try:
                    outcome = await self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - also cancellation: the flow must clean up
                    effect = flow.throw(error)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def _perform(self, effect: Effect) -> Any:
        import asyncio

        from webidentity._transport.threads import on_thread

        match effect:
            case Send(request, options):
                return await self._send(request, **options)
            case Call(function, blocking=True):
                return await on_thread(function)
            case Call(function):
                outcome = function()
                return await outcome if inspect.isawaitable(outcome) else outcome
            case Wait(future, (thread, task)):
                # A leader without a task blocks its thread. On this thread, it can only finish after this flow has.
                if thread == threading.get_ident() and (task is None or task is asyncio.current_task()):
                    return False
                # The future of a flight is marked as running, so cancelling one waiter does not cancel the others.
                await asyncio.wrap_future(future)
                return True
            case Sleep(seconds):
                return await asleep(seconds)
            case Run():
                from webidentity._transport.programs import arun_program

                return await arun_program(effect)


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
