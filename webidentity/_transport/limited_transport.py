"""azure-core's transport, with a limit for the total time of a reply."""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection

from webidentity._transport import reply_limits


class LimitedTransport(RequestsTransport):  # type: ignore[misc]  # azure-core imports it lazily
    """azure-core's transport, with a limit for the total time of a reply.

    Its own read timeout starts again with each byte that arrives.
    """

    def open(self) -> None:
        """Open the transport."""
        is_new = self.session is None
        super().open()  # pyright: ignore[reportUnknownMemberType]
        if is_new and self.session is not None:
            for scheme in ("https://", "http://"):
                self.session.mount(scheme, LimitedAdapter())


class LimitedAdapter(HTTPAdapter):
    """Connections whose replies have a limited total time. The retry policy of the pipeline decides about retries."""

    def __init__(self) -> None:
        super().__init__(max_retries=Retry(total=False, redirect=False, raise_on_status=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools."""
        super().init_poolmanager(*args, **kwargs)
        _limit(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the connection pools of a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        _limit(manager)
        return manager


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline (monotonic seconds)."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the reply takes too long")
        timeout = self._socket.gettimeout()
        if timeout is None or timeout > left:
            self._socket.settimeout(left)
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What ``http.client`` needs of a socket to read one reply."""

    def __init__(self, sock: Any) -> None:
        timeout: float | None = sock.gettimeout()
        self._socket = sock
        self._deadline = time.monotonic() + max(reply_limits.LONGEST_REPLY, timeout or 0.0)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # always "rb"
        return io.BufferedReader(_TimedReader(self._socket, self._deadline))


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse


class _TimedTLSConnection(HTTPSConnection):
    response_class = _TimedResponse


class _TimedPool(HTTPConnectionPool):
    ConnectionCls: Any = _TimedConnection


class _TimedTLSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _TimedTLSConnection


def _limit(manager: Any) -> None:
    # The manager of a SOCKS proxy has connections of its own.
    if type(manager) in {PoolManager, ProxyManager}:
        manager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedTLSPool}
