"""Transports of the user that have only a part of the methods of azure-core's transports."""

import inspect
import time
from typing import Any, Self

#: What azure-core's pipelines and retry policies call, in addition to ``send``.
_SYNC_METHODS = ("__enter__", "__exit__", "sleep")
_ASYNC_METHODS = ("__aenter__", "__aexit__", "sleep")


def complete(transport: Any) -> Any:
    """Return a sync transport with the methods that azure-core calls. Only ``send`` is required."""
    return transport if _has_all(transport, _SYNC_METHODS) else _SyncTransport(transport)


def complete_async(transport: Any) -> Any:
    """Return an async transport with the methods that azure-core calls. Only the coroutine ``send`` is required."""
    return transport if _has_all(transport, _ASYNC_METHODS) else _AsyncTransport(transport)


def _has_all(transport: Any, names: tuple[str, ...]) -> bool:
    return all(hasattr(transport, name) for name in names)


class _Completed:
    """Passes on what the transport has."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _call(self, *names: str, arguments: tuple[object, ...] = ()) -> Any:
        """Call the first of the methods that the transport has; ``close`` without the arguments."""
        for name in names:
            method = getattr(self._transport, name, None)
            if method is not None:
                return method() if name == "close" else method(*arguments)
        return None


class _SyncTransport(_Completed):
    def __enter__(self) -> Self:
        self._call("__enter__")
        return self

    def __exit__(self, *details: object) -> None:
        self._call("__exit__", "close", arguments=details or (None, None, None))

    def sleep(self, duration: float) -> None:
        if hasattr(self._transport, "sleep"):
            self._transport.sleep(duration)
        else:
            time.sleep(duration)


class _AsyncTransport(_Completed):
    async def __aenter__(self) -> Self:
        await _awaited(self._call("__aenter__"))
        return self

    async def __aexit__(self, *details: object) -> None:
        await _awaited(self._call("__aexit__", "close", arguments=details or (None, None, None)))

    async def sleep(self, duration: float) -> None:
        if hasattr(self._transport, "sleep"):
            await _awaited(self._transport.sleep(duration))
        else:
            import asyncio

            await asyncio.sleep(duration)


async def _awaited(outcome: Any) -> None:
    if inspect.isawaitable(outcome):
        await outcome
