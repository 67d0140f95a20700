"""The loopback listener that the browser is sent back to (RFC 8252 section 7.3)."""

import contextlib
import hmac
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from webidentity._protocol.redirect_uri import LoopbackRedirect
from webidentity._transport.landing_page import HEADERS, failure_page, notice_page, success_page
from webidentity.errors import CredentialUnavailableError

#: The ports that are tried for an application without a redirect URI of its own.
_PORTS = range(8400, 9000)
#: The longest body that is read, in bytes: a code is about 1 KB.
_LONGEST = 64 * 1024
_MOST_FIELDS = 20
#: Seconds for which a browser is held while its code is redeemed.
_PATIENCE = 120
#: Connections at one time: a browser has a few.
_MOST_CONNECTIONS = 32
#: Seconds between two looks at whether listening should end.
_POLL = 0.02
_NOT_UNDERSTOOD = notice_page("Not understood", "This is no answer of a sign-in page.")


class BrowserLanding:
    """A browser that waits for a page."""

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
        """Let the browser go if nobody has decided what it shows."""
        if not self._decided.is_set():
            self._page = failure_page("The program stopped before it was done.")
            self._decided.set()

    def page(self) -> bytes:
        """Wait for the decision, and return the page."""
        self._decided.wait(_PATIENCE)
        return self._page or failure_page("The program did not go on in time.")

    def shown(self) -> None:
        """Say that the page has been sent."""
        self._shown.set()

    def _show(self, page: bytes) -> None:
        self._page = page
        self._decided.set()
        self._shown.wait(2)


class RedirectListener:
    """Listens on the loopback interface for the answer to one sign-in, from here on.

    :param state: what the answer must have, which nobody else knows.
    :raises CredentialUnavailableError: the port is taken.
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
        """Return the browser that brings the answer; None after ``timeout`` seconds."""
        self._landed.wait(timeout)
        return self._landing

    def close(self) -> None:
        """Stop listening, and have :meth:`wait` return."""
        self._landed.set()
        if self._landing is not None:
            self._landing.release()
        servers, self._servers = self._servers, ()
        for server in servers:
            server.shutdown()
            server.server_close()

    def receive(self, path: str, body: bytes) -> BrowserLanding | tuple[int, bytes]:
        """Return the landing that a form makes, or the status and the page of one that makes none."""
        if urlsplit(path).path != self._path:
            return 404, notice_page("Nothing here", "This address is for a sign-in only.")
        fields = _fields(body)
        state = fields.get("state", "").encode()
        if not hmac.compare_digest(state, self._state):
            # Whoever sent it cannot end the sign-in of the user either.
            return 400, notice_page(
                "Not the sign-in that is waited for",
                "This answer belongs to another sign-in, perhaps an earlier one. Start again from the program.",
            )
        with self._lock:
            if self._landing is not None:
                return 409, notice_page("Already answered", "This sign-in has had its answer. Close this window.")
            self._landing = BrowserLanding(fields)
        self._landed.set()
        return self._landing


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form; none if one of them is there twice."""
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
        message=f"Couldn't start an HTTP server on {where} for the browser to come back to: is another program "
        "listening there?"
    )


def _bind_all(host: str, port: int, listener: RedirectListener) -> tuple["_RedirectServer", ...]:
    """Listen on all addresses that a browser may try for the host; on none if one of them is another program's."""
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
    """Whether this machine has the IPv6 loopback address at all."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _hang_up(connection: socket.socket) -> None:
    """End a connection; its thread finds out, and closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _RedirectServer(ThreadingHTTPServer):
    daemon_threads = True
    # Whom the system turns away tries again after a second, and then after two.
    request_queue_size = 128
    # On Windows it would let two programs have the same port.
    allow_reuse_address = not sys.platform.startswith("win")

    def __init__(self, address: tuple[str, int], listener: RedirectListener) -> None:
        self.listener = listener
        self._waiting: dict[Any, None] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _RedirectHandler)

    def server_bind(self) -> None:
        """Bind without looking up the host's name, which could ask a name server."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; if there are too many, the one that has kept everybody waiting longest is ended."""
        with self._lock:
            self._waiting[request] = None
            if len(self._waiting) > _MOST_CONNECTIONS:
                oldest = next(iter(self._waiting))
                del self._waiting[oldest]
                _hang_up(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self.understood(request)
        super().shutdown_request(request)

    def understood(self, request: Any) -> None:
        """Let a connection be that has brought the answer: it gets its page even when listening has ended."""
        with self._lock:
            self._waiting.pop(request, None)

    def server_close(self) -> None:
        """Stop listening, and end the connections that have brought nothing."""
        super().server_close()
        with self._lock:
            for request in self._waiting:
                _hang_up(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass by a connection that broke off; what it sent is nobody's to read."""


class _RedirectHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "webidentity"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer a visit that brings nothing."""
        self._write(
            405 if self._is_for_this_host() else 421,
            notice_page("Nothing to do here", "Go on with the sign-in in the window of the sign-in page."),
        )

    def do_POST(self) -> None:
        """Take the authority's answer."""
        length = self.headers.get("Content-Length", "")
        if not self._is_for_this_host() or not length.isdecimal() or int(length) > _LONGEST:
            self._write(400, _NOT_UNDERSTOOD)
            return
        received = cast("_RedirectServer", self.server).listener.receive(self.path, self.rfile.read(int(length)))
        if not isinstance(received, BrowserLanding):
            self._write(*received)
            return
        cast("_RedirectServer", self.server).understood(self.request)
        try:
            self._write(200, received.page())
        finally:
            received.shown()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is no such request, without repeating it."""
        self._write(code, _NOT_UNDERSTOOD)

    def _is_for_this_host(self) -> bool:
        """Whether the page that sent this used a name of this machine (DNS rebinding)."""
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
        """Write nothing: addresses of requests may have codes in them."""
