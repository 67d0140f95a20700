"""The loopback listener that the browser is redirected to (RFC 8252 section 7.3)."""

import contextlib
import hmac
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from webidentity._protocol.authorization import LoopbackRedirect
from webidentity._transport.browser import HEADERS, failure_page, notice_page, success_page
from webidentity.errors import CredentialUnavailableError

#: The ports to try for an application without its own redirect URI.
_PORTS = range(8400, 9000)
#: The longest body to read, in bytes. A code is about 1 KB.
_LONGEST = 64 * 1024
_MOST_FIELDS = 20
#: Seconds that a browser waits for its page while the code is redeemed.
_PATIENCE = 120
#: Simultaneous connections. A browser opens a few.
_MOST_CONNECTIONS = 32
#: Seconds between two checks for the end of listening.
_POLL = 0.02
_NOT_UNDERSTOOD = notice_page("Not understood", "This is not a reply from a sign-in page.")


class BrowserLanding:
    """A browser that waits for a page after the redirect."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.parameters = parameters
        self._page: bytes | None = None
        self._decided = threading.Event()
        self._shown = threading.Event()

    def succeed(self, username: str) -> None:
        """Show that the user is signed in."""
        self._show(success_page(username))

    def fail(self, reason: str) -> None:
        """Show that the sign-in failed, and why."""
        self._show(failure_page(reason))

    def release(self) -> None:
        """Show an error page if neither :meth:`succeed` nor :meth:`fail` was called."""
        if not self._decided.is_set():
            self._page = failure_page("The program stopped before the sign-in was complete.")
            self._decided.set()

    def page(self) -> bytes:
        """Wait for the outcome of the sign-in and return the page."""
        self._decided.wait(_PATIENCE)
        return self._page or failure_page("The program did not complete the sign-in in time.")

    def shown(self) -> None:
        """Record that the page has been sent."""
        self._shown.set()

    def _show(self, page: bytes) -> None:
        self._page = page
        self._decided.set()
        self._shown.wait(2)


class RedirectListener:
    """Listens on the loopback interface for the reply to one sign-in. Listening starts in the constructor.

    :param state: the secret ``state`` that the reply must have.
    :raises CredentialUnavailableError: the port is in use.
    """

    def __init__(self, redirect: LoopbackRedirect, state: str) -> None:
        self._path = redirect.path or "/"
        self._state = state.encode()
        self._landing: BrowserLanding | None = None
        self._landed = threading.Event()
        self._lock = threading.Lock()
        self._servers, port = _bind(redirect, self)
        self.redirect_uri = redirect.at(port)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(_POLL,), name="sign-in", daemon=True).start()

    def wait(self, timeout: float) -> BrowserLanding | None:
        """Return the browser that brings the reply, or None after ``timeout`` seconds."""
        self._landed.wait(timeout)
        return self._landing

    def close(self) -> None:
        """Stop listening and make :meth:`wait` return."""
        self._landed.set()
        if self._landing is not None:
            self._landing.release()
        servers, self._servers = self._servers, ()
        for server in servers:
            server.shutdown()
            server.server_close()

    def receive(self, path: str, body: bytes) -> BrowserLanding | tuple[int, bytes]:
        """Return the landing for a valid form, or the HTTP status and the page for any other request."""
        if urlsplit(path).path != self._path:
            return 404, notice_page("Nothing here", "This address is for a sign-in only.")
        fields = _fields(body)
        state = fields.get("state", "").encode()
        if not hmac.compare_digest(state, self._state):
            # The user's sign-in continues: an attacker must not be able to end it.
            return 400, notice_page(
                "Not the expected sign-in",
                "This reply belongs to a different sign-in, perhaps an earlier one. Start again from the program.",
            )
        with self._lock:
            if self._landing is not None:
                return 409, notice_page("Already completed", "This sign-in is already complete. Close this window.")
            self._landing = BrowserLanding(fields)
        self._landed.set()
        return self._landing


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form, or {} if one of them is repeated."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _bind(redirect: LoopbackRedirect, listener: RedirectListener) -> tuple[tuple["_RedirectServer", ...], int]:
    for port in _PORTS if redirect.port is None else (redirect.port,):
        servers = _bind_all(redirect.host, port, listener)
        if servers:
            return servers, port
    where = redirect.at(redirect.port or _PORTS[0])
    raise CredentialUnavailableError(
        message=f"Couldn't start an HTTP server on {where} for the redirect of the browser: is another program "
        "listening there?"
    )


def _bind_all(host: str, port: int, listener: RedirectListener) -> tuple["_RedirectServer", ...]:
    """Listen on all addresses that a browser may try for the host, or on none if one of them is in use."""
    addresses = ("127.0.0.1", "::1") if host.endswith("localhost") else (host,)
    servers: list[_RedirectServer] = []
    for address in addresses:
        try:
            servers.append(_RedirectServer((address, port), listener))
        except OSError:
            if address == "::1" and not _has_ipv6():
                continue
            for server in servers:
                server.server_close()
            return ()
    return tuple(servers)


def _has_ipv6() -> bool:
    """Whether this machine has the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _hang_up(connection: socket.socket) -> None:
    """Shut a connection down. Its thread then closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _RedirectServer(ThreadingHTTPServer):
    daemon_threads = True
    # A connection that the system rejects is retried only after one second, then after two.
    request_queue_size = 128
    # On Windows it would let two programs listen on the same port.
    allow_reuse_address = not sys.platform.startswith("win")

    def __init__(self, address: tuple[str, int], listener: RedirectListener) -> None:
        self.listener = listener
        self._waiting: dict[Any, None] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _RedirectHandler)

    def server_bind(self) -> None:
        """Bind without looking up the host name, which could send a DNS query."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection. If there are too many, shut down the one that has been idle longest."""
        with self._lock:
            self._waiting[request] = None
            if len(self._waiting) > _MOST_CONNECTIONS:
                oldest = next(iter(self._waiting))
                del self._waiting[oldest]
                _hang_up(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Remove a connection that has ended."""
        self.accept(request)
        super().shutdown_request(request)

    def accept(self, request: Any) -> None:
        """Keep the connection that brought the reply open: it gets its page even after listening has ended."""
        with self._lock:
            self._waiting.pop(request, None)

    def server_close(self) -> None:
        """Stop listening and shut down the connections that brought no reply."""
        super().server_close()
        with self._lock:
            for request in self._waiting:
                _hang_up(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a connection that broke off. The default would print the request."""


class _RedirectHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "webidentity"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Show a notice: the reply is expected as a POST."""
        self._write(
            405 if self._is_for_this_host() else 421,
            notice_page("Nothing to do here", "Continue in the window of the sign-in page."),
        )

    def do_POST(self) -> None:
        """Receive the authority's reply."""
        length = self.headers.get("Content-Length", "")
        if not self._is_for_this_host() or not length.isdecimal() or int(length) > _LONGEST:
            self._write(400, _NOT_UNDERSTOOD)
            return
        received = cast("_RedirectServer", self.server).listener.receive(self.path, self.rfile.read(int(length)))
        if not isinstance(received, BrowserLanding):
            self._write(*received)
            return
        cast("_RedirectServer", self.server).accept(self.request)
        try:
            self._write(200, received.page())
        finally:
            received.shown()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Reject a malformed request without repeating its content."""
        self._write(code, _NOT_UNDERSTOOD)

    def _is_for_this_host(self) -> bool:
        """Whether the Host header names this machine, which rules out DNS rebinding."""
        from webidentity._authority import is_loopback

        try:
            return is_loopback(urlsplit(f"//{self.headers.get('Host', '')}").hostname or "")
        except ValueError:
            return False

    def _write(self, status: int, page: bytes) -> None:
        self.close_connection = True
        self.send_response(status)
        for name, value in HEADERS:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Log nothing: request URLs may contain codes."""
