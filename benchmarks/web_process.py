"""The memory of a Gunicorn worker after sign-ins and requests, compared with the package identity."""

import html
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from benchmarks.table import Comparison, target
from benchmarks.worker_sites import VARIABLE
from webidentity.testing import LocalTenant, TenantBrowser, serve

_WORKERS = 2
#: Target: at most so many megabytes.
_MOST = 35
#: Requests after the sign-in, on connections of their own: they reach all workers.
_REQUESTS = 60
_AUTHORITY = "https://login.tenant.test"
_SECRET = "the-client-secret-of-the-benchmark"
_USERNAME, _PASSWORD = "ada@tenant.test", "ada-password"


def measure() -> list[Comparison]:
    """Compare the memory of a worker, with and without --preload. Only Linux tells it."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    return [_compared(preload=False), _compared(preload=True)]


def _compared(*, preload: bool) -> Comparison:
    peer, project = (_proportional_set(name, preload=preload) for name in ("peer", "project"))
    return Comparison(
        f"Gunicorn worker{', --preload' if preload else ''}",
        peer=f"{peer:.1f} MB",
        project=f"{project:.1f} MB",
        ratio=f"{project / peer:.2f}x",
        details=f"PSS of one of {_WORKERS} workers after a sign-in and {_REQUESTS} requests; the peer is identity",
        target="" if preload else target(project <= _MOST, f"{project:.1f} MB, <= {_MOST} MB"),
    )


def _proportional_set(site: str, *, preload: bool) -> float:
    """Return the proportional set size of a worker, in megabytes."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        browser = _Browser(f"http://localhost:{port}")
        with _served(site, listener, browser, folder, preload=preload) as (master, tenant):
            browser.sign_in(tenant)
            processes = {json.loads(browser.get("/page"))["process"] for _ in range(_REQUESTS)}
            assert len(processes) == _WORKERS, f"only {len(processes)} of {_WORKERS} workers answered"
            assert master not in processes
            return statistics.mean(_pss(process) for process in processes)


def _pss(process: int) -> float:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    assert found, rollup
    return int(found[1]) / 1024


class _Browser:
    """One user's browser, with cookies."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._cookies: dict[str, str] = {}

    def sign_in(self, tenant: LocalTenant) -> None:
        """Visit the page, and sign in on the way."""
        url = self._follow("/page")
        back = TenantBrowser(tenant).sign_in(url, _USERNAME, _PASSWORD)
        self._follow(back)

    def get(self, path: str) -> str:
        """Return the content of a page."""
        status, _, text = self._call(path)
        assert status == 200, (status, text[:500])
        return text

    def _follow(self, url: str) -> str:
        """Visit the page and follow redirections within the site. Return the URL that leads to the authority."""
        for _ in range(5):
            status, location, text = self._call(url)
            if not location:
                assert status == 200, (status, text[:500])
                # The peer's page leads on by a refresh.
                linked = re.search(rf"{re.escape(_AUTHORITY)}[^\"'\s]+", text)
                return html.unescape(linked[0]) if linked else ""
            if location.startswith(_AUTHORITY):
                return location
            url = location
        raise AssertionError(f"too many redirections, the last to {urlsplit(url).path}")

    def _call(self, url: str) -> tuple[int, str, str]:
        parts = urlsplit(urljoin(self.root, url))
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=60)
        try:
            headers = {
                "Host": parts.netloc,
                "Accept": "text/html",
                "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            }
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self._cookies[key] = morsel.value
        return response.status, response.getheader("Location") or "", text


@contextmanager
def _served(
    site: str, listener: socket.socket, browser: _Browser, folder: str, *, preload: bool
) -> Iterator[tuple[int, LocalTenant]]:
    redirect_uri = f"{browser.root}{'/redirect' if site == 'peer' else '/auth/callback'}"
    tenant = LocalTenant()
    user = tenant.add_user(_USERNAME, password=_PASSWORD, name="Ada Lovelace")
    web = tenant.add_app("Web", secrets=[_SECRET], redirect_uris=[redirect_uri])
    files = tenant.add_app("Files", identifier_uri="api://files", scopes={"Files.Read": "Read your files"})
    tenant.grant_consent(user, web, files, ["Files.Read"])
    tenant.grant_consent(user, web, tenant.graph, ["openid", "profile", "offline_access"])
    with serve(tenant) as server:
        tenant.base_url = _AUTHORITY
        given = {
            "authority": _AUTHORITY,
            "tenant_url": server.url,
            "tenant_id": tenant.tenant_id,
            "client_id": web.client_id,
            "client_secret": _SECRET,
            "redirect_uri": redirect_uri,
            "scopes": ["api://files/Files.Read"],
            "secret_key": "the-secret-key-of-the-benchmark-0123456789",
            "folder": folder,
        }
        number = listener.fileno()
        options = [f"--workers={_WORKERS}", f"--bind=fd://{number}", "--no-control-socket", "--log-level=warning"]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, *(["--preload"] if preload else []), _application(site)],
            env={**os.environ, VARIABLE: json.dumps(given), "PYTHONWARNINGS": "ignore"},
            pass_fds=(number,),
        )
        try:
            yield process.pid, tenant
        finally:
            process.terminate()
            process.wait(30)


def _application(site: str) -> str:
    return f"benchmarks.worker_sites:{site}()"
