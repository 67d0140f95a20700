"""WSGI servers on this machine, each on its own thread."""

import logging
import socket
import threading
from typing import Any, Self
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"

_logger = logging.getLogger(__name__)


class PortInUseError(OSError):
    """Something else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use: stop what uses it, or choose others: make demo ARGS='--port-base 8500'"
        )


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port of this machine, 0 for a free one.

    :raises PortInUseError: something else does already.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise PortInUseError(port) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the base URL under which browsers reach the socket."""
    return f"http://localhost:{listener.getsockname()[1]}"


class WSGIServer:
    """Serves an application from a background thread; the listener becomes the server's own."""

    def __init__(self, name: str, listener: socket.socket, app: WSGIApplication) -> None:
        port = listener.getsockname()[1]
        self._server = make_server(HOST, port, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
        listener.close()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening. Closing twice does no harm."""
        self._server.shutdown()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    """Logs paths without their queries: the redirect URI is called with a code in it."""

    protocol_version = "HTTP/1.0"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = self.path.partition("?")[0] if hasattr(self, "path") else "-"
        _logger.debug("%s %s %s %s", self.command, path, code, size)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        del message, args
        _logger.debug("A request could not be answered (%s)", type)
