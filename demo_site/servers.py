"""WSGI servers on this machine, each in its own thread."""

import logging
import socket
import threading
from typing import Any, Self
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"

_logger = logging.getLogger(__name__)


class PortInUseError(OSError):
    """Another process is using the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use: stop the other process, or choose other ports: make demo ARGS='--port-base 8500'"
        )


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a local port. Port 0 chooses a free port.

    :raises PortInUseError: the port is in use.
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
    """Return the base URL of the socket, for browsers."""
    return f"http://localhost:{listener.getsockname()[1]}"


class WSGIServer:
    """Serves an application from a background thread. The server takes over the listener."""

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
        """Stop the server. Calling this twice is allowed."""
        self._server.shutdown()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    """Logs paths without query strings, because the redirect URI receives the authorization code in its query."""

    protocol_version = "HTTP/1.0"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = self.path.partition("?")[0] if hasattr(self, "path") else "-"
        _logger.debug("%s %s %s %s", self.command, path, code, size)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's parameter name
        del message, args
        _logger.debug("The server could not handle a request (%s)", type)
