"""The loopback listener of a browser sign-in, and connections that do not bring the expected reply."""

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from webidentity._protocol.authorization import LoopbackRedirect
from webidentity._transport.redirect_listener import RedirectListener

STATE = "s" * 43


@pytest.fixture
def listener() -> Iterator[RedirectListener]:
    """A listener on a free port."""
    listener = RedirectListener(LoopbackRedirect.parse("http://localhost"), STATE)
    yield listener
    listener.close()


def connect(listener: RedirectListener) -> socket.socket:
    """Return a connection to the listener."""
    return socket.create_connection(("127.0.0.1", urlsplit(listener.redirect_uri).port or 0), timeout=20)


def post(body: str, host: str = "localhost") -> bytes:
    """Return a request with a form."""
    return f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def rest_of(connection: socket.socket) -> bytes:
    """Return all data until the other side closes the connection."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionError:
        pass
    return received


def test_idle_connections_do_not_block_the_browser(listener: RedirectListener) -> None:
    """The connection that has been idle longest is closed, so that there are never more than a few."""
    slow = [connect(listener) for _ in range(100)]
    for connection in slow:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n.")
    assert rest_of(slow[0]) == b""
    browser = connect(listener)
    browser.sendall(post(f"state={STATE}&code=c"))
    landing = listener.wait(20)
    assert landing is not None
    assert landing.parameters["code"] == "c"
    landing.succeed("ada")
    assert b"ada" in rest_of(browser)
    assert sum(thread.name.endswith("(process_request_thread)") for thread in threading.enumerate()) < 100
    for connection in [*slow, browser]:
        connection.close()


def test_open_connections_are_closed_when_listening_ends(listener: RedirectListener) -> None:
    """Idle connections and slow ones."""
    strangers = [connect(listener) for _ in range(3)]
    strangers[1].sendall(b"POST / HT")
    strangers[2].sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n.")
    listener.close()
    for connection in strangers:
        assert rest_of(connection) == b""
        connection.close()


def test_the_browser_gets_its_page_when_listening_ends(listener: RedirectListener) -> None:
    """The browser is not left waiting when the program stops."""
    browser = connect(listener)
    browser.sendall(post(f"state={STATE}&code=c"))
    assert listener.wait(20) is not None
    listener.close()
    assert b"The program stopped before the sign-in was complete." in rest_of(browser)
    browser.close()


@pytest.mark.parametrize(
    "request_",
    [
        post(f"state={STATE}&code=c", host="evil.test"),
        post(f"state={STATE}&code=c", host="localhost@evil.test"),
        post(f"state={STATE}&code=c", host="localhost.evil.test"),
        post(f"state={STATE}&code=c", host="169.254.169.254"),
        post(f"state={STATE}&code=c", host="[::"),
        post(f"state={STATE}&code=c", host=""),
        post(f"state={STATE}%00&code=c"),
        post("&".join(f"a{number}=b" for number in range(100)) + f"&state={STATE}"),
        f"POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\nstate={STATE}".encode(),
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 5000}\r\n\r\nstate={STATE}".encode(),
        f"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n31\r\nstate={STATE}".encode(),
        f"POST //[ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 49\r\n\r\nstate={STATE}".encode(),
        f"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 49\r\n\r\nstate={STATE}".encode(),
        b"<script>alert(1)</script> / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
    ],
)
def test_any_other_request_changes_nothing(listener: RedirectListener, request_: bytes) -> None:
    """A different host name, form or method: the listener keeps waiting for the reply."""
    with connect(listener) as stranger:
        stranger.sendall(request_)
        stranger.shutdown(socket.SHUT_WR)
        answer = rest_of(stranger)
    assert b"<script>" not in answer
    assert STATE.encode() not in answer
    assert listener.wait(0) is None
