"""Sites in real servers: Flask and Django, in Gunicorn and in uvicorn."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.kit.http_browser import SiteReply
from tests.kit.served_site import VARIABLE
from tests.kit.world import SECRET_KEY, World

ROOT = Path(__file__).resolve().parents[2]
_GUNICORN = ("gunicorn", "--workers=2", "--threads=8", "--graceful-timeout=2", "--no-control-socket")
_UVICORN = ("uvicorn", "--no-access-log", "--log-level=warning", "--lifespan=off", "--timeout-graceful-shutdown=2")
#: The program of each kind of site, and its server.
_KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "flask": ("tests.kit.served_flask:application", _GUNICORN),
    "flask-asgi": ("tests.kit.served_flask:asgi", _UVICORN),
    "django": ("tests.kit.served_django:application", _GUNICORN),
    "django-asgi": ("tests.kit.served_django:asgi", _UVICORN),
}


@dataclass(frozen=True)
class ServedSite:
    """A site that runs in a server."""

    kind: str
    url: str
    log: Path
    process: "subprocess.Popen[bytes]"
    #: Seconds that an answer may take.
    timeout: float = 120

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> SiteReply:
        """Send one request on a connection of its own."""
        parts = urlsplit(url)
        assert parts.port is not None
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=self.timeout)
        try:
            connection.request(method, target, body, {**headers, "Host": parts.netloc, "Connection": "close"})
            response = connection.getresponse()
            return SiteReply(response.status, response.getheaders(), response.read().decode())
        finally:
            connection.close()


Listeners = Mapping[str, socket.socket]


@contextlib.contextmanager
def site_listeners() -> Iterator[Listeners]:
    """Listen on a free port for each kind of site."""
    with contextlib.ExitStack() as stack:
        yield {kind: stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=256)) for kind in _KINDS}


def url_of(listener: socket.socket) -> str:
    """Return the URL of the site that listens there."""
    return f"http://localhost:{listener.getsockname()[1]}"


@contextlib.contextmanager
def served_sites(world: World, listeners: Listeners, folder: Path, **settings: Any) -> Iterator[list[ServedSite]]:
    """Run one site of each kind. Each has its own token cache, which the workers of the site share.

    :param settings: settings of webidentity, besides those of the world.
    """
    with contextlib.ExitStack() as stack:
        sites = [
            stack.enter_context(_served(kind, world, listener, folder / kind, settings))
            for kind, listener in listeners.items()
        ]
        for site in sites:
            _wait_for(site)
        yield sites


@contextlib.contextmanager
def _served(
    kind: str, world: World, listener: socket.socket, folder: Path, settings: Mapping[str, Any]
) -> Iterator[ServedSite]:
    folder.mkdir(parents=True)
    program, (server, *options) = _KINDS[kind]
    configuration = {
        "settings": {**world.settings, "cache_path": str(folder / "tokens.sqlite3"), **settings},
        "secret_key": SECRET_KEY,
        "folder": str(folder),
        "sessions": "signed_cookies" if kind == "django-asgi" else "file",
    }
    # Measuring the coverage of these programs would only slow them down: they run what other tests run.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    log = folder / "server.log"
    with log.open("wb") as output:
        number = listener.fileno()
        bind = [f"--bind=fd://{number}"] if server == "gunicorn" else [f"--fd={number}"]
        process = subprocess.Popen(
            [sys.executable, "-m", server, *options, *bind, program],
            cwd=ROOT,
            env={**environment, VARIABLE: json.dumps(configuration)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(number,),
        )
        try:
            yield ServedSite(kind, url_of(listener), log, process)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(site: ServedSite) -> None:
    """Wait for the first answer. Requests wait in the backlog of the socket while the server starts."""
    impatient = replace(site, timeout=2)
    ends_at = time.monotonic() + 120
    while True:
        try:
            reply = impatient.call("GET", f"{site.url}/public", {})
        except OSError:
            if site.process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"{site.kind} did not start:\n{site.log.read_text()[-3000:]}") from None
        else:
            assert reply.status == 200, f"{site.kind} answered {reply.status}:\n{site.log.read_text()[-3000:]}"
            return
