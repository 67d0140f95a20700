"""One test body for both drivers: a plain function runs flows and credentials, sync or async."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import webidentity
import webidentity.aio
from webidentity._protocol.effects import Flow
from webidentity._transport.driver import _TASKS, AsyncDriver, SyncDriver
from webidentity._transport.threads import BACKGROUND


class Transports(Protocol):
    """Provides transports: a canned network or a local tenant."""

    def transport(self) -> Any: ...

    def aio_transport(self) -> Any: ...


class Credential:
    """A credential whose methods can be called from a plain function."""

    def __init__(self, raw: Any, wait: Callable[[Any], Any]) -> None:
        self.raw = raw
        #: Returns the result of a method of ``raw``, awaited if necessary.
        self.wait = wait

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return self.wait(self.raw.get_token(*scopes, **options))

    def get_token_info(self, *scopes: str, **options: Any) -> Any:
        return self.wait(self.raw.get_token_info(*scopes, **options))

    def authenticate(self, **options: Any) -> Any:
        return self.wait(self.raw.authenticate(**options))

    def close(self) -> None:
        self.wait(self.raw.close())


class Driver(Protocol):
    """What a test needs of a driver."""

    name: str

    def run(self, flow: Flow[Any], send: Any = None) -> Any:
        """Run one flow. ``send`` is a plain function."""
        ...

    def face(self, raw: Any) -> Credential:
        """Wrap a sync or async credential, so that a plain function can call its methods."""
        ...

    def credential(self, name: str, network: Transports, *args: Any, **kwargs: Any) -> Credential:
        """Return the credential of that name over the network."""
        ...

    def tool(self, name: str, *, package: Any = webidentity, **arguments: Any) -> Credential:
        """Return the credential of that name, which has no transport. ``package`` may be azure-identity."""
        ...

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make the calls concurrently, on threads or in tasks, and return values and exceptions in order."""
        ...

    def settle(self) -> None:
        """Wait until the flows that run beside their callers are complete."""
        ...

    def start(self, flow: Flow[Any], send: Any = None) -> Any:
        """Return the value of the flow, or a coroutine for it, for the calls of :meth:`together`."""
        ...


class SyncFace:
    name = "sync"

    def run(self, flow: Flow[Any], send: Any = None) -> Any:
        return self.start(flow, send)

    def start(self, flow: Flow[Any], send: Any = None) -> Any:
        return SyncDriver(send or _unexpected).run(flow)

    def face(self, raw: Any) -> Credential:
        return Credential(raw, lambda value: value)

    def credential(self, name: str, network: Transports, *args: Any, **kwargs: Any) -> Credential:
        return self.face(getattr(webidentity, name)(*args, transport=network.transport(), **kwargs))

    def tool(self, name: str, *, package: Any = webidentity, **arguments: Any) -> Credential:
        return self.face(getattr(package, name)(**arguments))

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        outcomes: list[Any] = [None] * len(calls)
        barrier = threading.Barrier(len(calls))

        def call(position: int) -> None:
            barrier.wait(10)
            try:
                outcomes[position] = calls[position]()
            except BaseException as error:
                outcomes[position] = error

        threads = [threading.Thread(target=call, args=(position,), daemon=True) for position in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads), "callers wait for each other forever"
        return outcomes

    def settle(self) -> None:
        assert BACKGROUND.wait(20), "a flow in the background does not end"


class AsyncFace:
    name = "aio"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, flow: Flow[Any], send: Any = None) -> Any:
        return self._wait(self.start(flow, send))

    def start(self, flow: Flow[Any], send: Any = None) -> Any:
        async def send_async(request: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            return (send or _unexpected)(request, **options)

        return AsyncDriver(send_async).run(flow)

    def face(self, raw: Any) -> Credential:
        return Credential(raw, self._wait)

    def credential(self, name: str, network: Transports, *args: Any, **kwargs: Any) -> Credential:
        return self.face(getattr(webidentity.aio, name)(*args, transport=network.aio_transport(), **kwargs))

    def tool(self, name: str, *, package: Any = webidentity, **arguments: Any) -> Credential:
        return self.face(getattr(package.aio, name)(**arguments))

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        async def gather() -> list[Any]:
            waiting = asyncio.gather(*(call() for call in calls), return_exceptions=True)
            async with asyncio.timeout(20):
                return list(await waiting)

        return self._loop.run_until_complete(gather())

    def settle(self) -> None:
        async def settle() -> None:
            async with asyncio.timeout(20):
                while running := [task for task in _TASKS if task.get_loop() is self._loop]:
                    await asyncio.wait(running)

        self._loop.run_until_complete(settle())

    def _wait(self, awaitable: Any) -> Any:
        return self._loop.run_until_complete(awaitable)


@contextlib.contextmanager
def open_driver(name: str) -> Iterator[Driver]:
    """Provide the driver of that name."""
    if name == "sync":
        yield SyncFace()
        return
    loop = asyncio.new_event_loop()
    try:
        yield AsyncFace(loop)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _unexpected(request: Any, **_: Any) -> Any:
    raise AssertionError(f"the flow was not expected to send {request!r}")
