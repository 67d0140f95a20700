"""Two processes of a site with one SQLite file, and an authority that accepts each refresh token once."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.kit.canned import Reply
from tests.kit.refreshing_process import HOME, start, user_tokens_in
from tests.kit.replies import TENANT, refusal, user_token
from tests.kit.script import Response, play
from webidentity._flows.acquisition import keep
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import read_token_reply
from webidentity._protocol.token_request import TokenRequest

REFUSED = refusal("invalid_grant", "AADSTS700082: used before", suberror="bad_token")


class Authority:
    """Answers real requests. The test decides when: ``meeting`` is called with the scope and the refresh token."""

    def __init__(self) -> None:
        self.seen = list[tuple[str, str]]()
        self.meeting: Callable[[str, str], Reply] = lambda *_: REFUSED
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                scope, given = form["scope"].split()[0], form["refresh_token"]
                authority.seen.append((scope, given))
                reply = authority.meeting(scope, given)
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(10)


@pytest.fixture
def store(tmp_path: Path, authority: Authority) -> Path:
    """Return the file, in which a user has signed in."""
    file = tmp_path / "tokens.sqlite3"
    user_tokens = user_tokens_in(file, authority.url)

    def flow() -> Flow[object]:
        now = int(time.time())
        reply = read_token_reply(Response(user_token("signed-in", refresh_token="refresh-0")), now=now)
        acquisition = user_tokens.acquisition(TokenRequest(("openid",), TENANT), HOME)
        return (yield from keep(user_tokens.cache, acquisition, reply, now))

    play(flow())
    user_tokens.cache.close()
    return file


@pytest.mark.parametrize("driver", ["sync", "aio"])
def test_the_slower_process_uses_the_newer_refresh_token(authority: Authority, store: Path, driver: str) -> None:
    """Both send the same one. The second is refused after the first has stored its reply."""
    both, stored = threading.Event(), threading.Event()

    def meeting(scope: str, given: str) -> Reply:
        if given != "refresh-0":
            return user_token(f"for {scope} by {given}", refresh_token="refresh-2")
        if scope == "slow/read":
            both.set()
            assert stored.wait(60)
            return REFUSED
        assert both.wait(60)
        return user_token(f"for {scope}", refresh_token="refresh-1")

    authority.meeting = meeting
    fast, slow = (start(driver, store, authority.url, scope) for scope in ("fast/read", "slow/read"))
    assert fast.communicate(timeout=90)[0] == "for fast/read\n"
    stored.set()
    assert slow.communicate(timeout=90)[0] == "for slow/read by refresh-1\n"
    assert sorted(authority.seen) == [
        ("fast/read", "refresh-0"),
        ("slow/read", "refresh-0"),
        ("slow/read", "refresh-1"),
    ]
    found = start(driver, store, authority.url, "third/read")
    assert found.communicate(timeout=90)[0] == "for third/read by refresh-2\n", "the newest one was stored"


@pytest.mark.parametrize("driver", ["sync", "aio"])
def test_the_newer_one_is_tried_once(authority: Authority, store: Path, driver: str) -> None:
    """If another process stores yet another one meanwhile, the user is asked, and no third one is sent."""
    numbers: Any = iter(range(1, 9))

    def meeting(scope: str, given: str) -> Reply:
        if scope == "other/read":
            return user_token("other", refresh_token=f"refresh-{next(numbers)}", expires_in=1)
        # Between the request of the one process and its reply, the other one stores a newer refresh token.
        other = start(driver, store, authority.url, "other/read")
        assert other.communicate(timeout=90)[0] == "other\n"
        return REFUSED

    authority.meeting = meeting
    slow = start(driver, store, authority.url, "slow/read")
    assert slow.communicate(timeout=90)[0] == "invalid_grant\n"
    assert [given for scope, given in authority.seen if scope == "slow/read"] == ["refresh-0", "refresh-1"]
    again = start(driver, store, authority.url, "other/read")
    assert again.communicate(timeout=90)[0] == "other\n", "the newest one is still there"
    assert authority.seen[-1] == ("other/read", "refresh-2")
