"""An HTTP server on the loopback interface, for browsers and other processes."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, cast
from urllib.parse import urlsplit

from webidentity.testing.transports._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    import ssl


#: The size limit for request bodies, in bytes.
MAX_BODY = 256 * 1024

_logger = logging.getLogger(__name__)


class ServedApplication(Protocol):
    """The application behind a server or a transport: a tenant, or an emulated host."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port. The server sets it when it starts."""
        ...

    @base_url.setter
    def base_url(self, value: str) -> None: ...

    def handle(self, request: TenantRequest) -> TenantResponse:
        """Answer one request."""
        ...


class LoopbackServer:
    """Serves an application on a loopback address, from a background thread.

    :param context: serve TLS with this context.
    :raises ValueError: the host is not a loopback address.
    """

    def __init__(
        self,
        application: ServedApplication,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if not _is_loopback(host):
            raise ValueError(
                f"The local tenant listens on a loopback address (127.0.0.1, ::1 or localhost), not on {host!r}: "
                "it issues tokens for well-known test passwords."
            )
        self._site = application
        self._context = context
        self._address = (host, port)
        self._server: _HttpServer | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url if self._server else 'not started'}>"

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        if self._server is None:
            raise RuntimeError("The server is not running: call start(), or use it in a with statement.")
        return self._server.server_port

    @property
    def url(self) -> str:
        """The base URL of the application while the server runs."""
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def start(self) -> Self:
        """Start listening, and set the application's ``base_url``."""
        if self._server is None:
            self._server = _HttpServer(self._address, self._site, self._context)
            self._site.base_url = self.url
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.05,), name="local-tenant", daemon=True
            )
            self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening and close all connections. It can be called more than once."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server and thread:
            server.shutdown()
            server.server_close()
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _HttpServer(ThreadingHTTPServer):
    """A threading server that closes its open connections when it is closed."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], application: ServedApplication, context: ssl.SSLContext | None
    ) -> None:
        self.application = application
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._connections: set[Any] = set()
        super().__init__(address, _RequestHandler)
        if context is not None:
            # The connection's thread does the handshake: a silent client must not block the accept loop.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        """Bind without a reverse lookup of the host name, which could contact a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Track a connection and serve it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Stop tracking a connection that has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening and close the open connections."""
        super().server_close()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log that a connection failed, without its content, which may have secrets."""
        del request, client_address
        _logger.debug("A connection failed.")


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "webidentity-local-tenant"
    sys_version = ""
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            self._refuse(413, "The body is too large or has no Content-Length.")
        elif not self._is_for_this_host():
            self._refuse(421, "This server accepts requests for localhost only.")
        elif not self.path.startswith("/"):
            self._refuse(400, "The request target must be a path.")
        else:
            application = cast("_HttpServer", self.server).application
            headers = {name: str(value) for name, value in self.headers.items()}
            self._write(
                application.handle(TenantRequest(self.command, f"{application.base_url}{self.path}", headers, body))
            )

    def _is_for_this_host(self) -> bool:
        """Whether the Host header names this machine. Another name means DNS rebinding."""
        try:
            return _is_loopback(urlsplit(f"//{self.headers.get('Host', '')}").hostname or "")
        except ValueError:
            return False

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: int, text: str) -> None:
        self.close_connection = True
        headers = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"))
        self._write(TenantResponse(status, headers, text.encode()))

    def _write(self, response: TenantResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        del size
        _logger.debug("%s %s %s", self.command, urlsplit(self.path).path, code)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        del args
        _logger.debug("A request could not be read: %s", format)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
