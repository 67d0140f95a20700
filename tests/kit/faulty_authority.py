"""The local tenant on a real socket, with the faults of a network and of an overloaded authority."""

import enum
import json
import random
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.kit.world import claims_of
from webidentity.testing import LocalTenant, TenantRequest, TenantResponse


class Fault(enum.Enum):
    """What happens to a request."""

    #: Nothing: the connection stays open.
    SILENT = "silent"
    #: The reply comes after ``FaultyAuthority.delay`` seconds.
    SLOW = "slow"
    RESET = "connection reset"
    BUSY = "429"
    BROKEN = "500"
    UNAVAILABLE = "503"
    GARBAGE = "garbage"


class FaultyAuthority:
    """Serves a tenant. Microsoft Graph, which is on the same socket, has no faults.

    :param share: the share of requests that have a random fault.
    :param lifetimes: the choice of lifetimes of access tokens, in seconds. None keeps the tenant's.
    """

    def __init__(
        self, tenant: LocalTenant, *, seed: object = 0, share: float = 0.0, lifetimes: tuple[int, ...] = ()
    ) -> None:
        self.tenant = tenant
        #: The fault of every request, for an outage.
        self.outage: Fault | None = None
        #: Seconds that a slow reply takes, and seconds of ``Retry-After``.
        self.delay, self.pause = 1.5, 1
        self.share = share
        self.lifetimes = lifetimes
        #: Lifetimes of the access tokens of these users, by object ID.
        self.lifetimes_of: dict[str, int] = {}
        self.faults: Counter[str] = Counter()
        self.requests = 0
        #: How often a code was received again that had been received without a reply.
        self.repeated_codes = 0
        self._random = random.Random(f"{seed}-authority")
        self._unanswered: set[str] = set()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        tenant.base_url = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for_fault(self, fault: Fault, count: int) -> None:
        """Wait until this many requests had the fault."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.faults[fault.value] >= count, 60)

    def fault_of(self, request: TenantRequest) -> Fault | None:
        """Return the fault of the next request."""
        if request.path.startswith("/graph/"):
            return None
        with self._changed:
            self.requests += 1
            code = request.form.get("code")
            self.repeated_codes += code in self._unanswered
            fault = self.outage
            if fault is None and self._random.random() < self.share:
                fault = self._random.choice(list(Fault))
            if fault is not None:
                self.faults[fault.value] += 1
                if code is not None and fault in {Fault.SILENT, Fault.RESET}:
                    self._unanswered.add(code)
                self._changed.notify_all()
            return fault

    def answer(self, request: TenantRequest) -> TenantResponse:
        """Return the tenant's reply, with the lifetime of its access token changed."""
        response = self.tenant.handle(request)
        if response.status != 200 or not request.path.endswith("/token"):
            return response
        reply: dict[str, Any] = json.loads(response.body)
        lifetime = self.lifetimes_of.get(claims_of(reply["access_token"])["oid"])
        if lifetime is None and self.lifetimes:
            with self._changed:
                lifetime = self._random.choice(self.lifetimes)
        if lifetime is not None:
            reply["expires_in"] = reply["ext_expires_in"] = lifetime
        return TenantResponse(response.status, response.headers, json.dumps(reply).encode())

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        self._closing.wait(seconds)

    def hold(self, connection: socket.socket) -> None:
        """Wait until the client closes the connection."""
        while not self._closing.is_set():
            if select.select([connection], [], [], 0.2)[0]:
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, authority: FaultyAuthority) -> None:
        self.authority = authority
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may close its connection at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer, or have a fault."""
        authority = self.server.authority
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = TenantRequest(self.command, f"{authority.tenant.base_url}{self.path}", dict(self.headers), body)
        match authority.fault_of(request):
            case Fault.SILENT:
                authority.hold(self.connection)
                self.close_connection = True
            case Fault.RESET:
                self._reset()
            case Fault.BUSY:
                self._fail(429, {"Retry-After": str(authority.pause)})
            case Fault.BROKEN:
                self._fail(500, {})
            case Fault.UNAVAILABLE:
                self._fail(503, {"Retry-After": str(authority.pause)})
            case Fault.GARBAGE:
                self._send(200, {"Content-Type": "application/json"}, b'{"access_token": \xff\x00[[[')
            case fault:
                if fault is Fault.SLOW:
                    authority.sleep(authority.delay)
                response = authority.answer(request)
                self._send(response.status, dict(response.headers), response.body)

    do_POST = do_GET

    def _fail(self, status: int, headers: Mapping[str, str]) -> None:
        body = json.dumps({"error": "temporarily_unavailable", "error_description": "AADSTS90033: busy"})
        self._send(status, {"Content-Type": "application/json", **headers}, body.encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Log nothing."""
