"""Web applications with a signed-in user, each with three views. ``guard_peers.py`` has those of the package identity.

``plain`` reads the framework's session. ``sign_in`` requires a signed-in user, ``token`` also a token, which is cached.
A contender takes a number of requests and makes them, without a server.
"""

import asyncio
import io
import tempfile
import time
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from webidentity.testing import LocalTenant, TenantBrowser

READ = "api://files/Files.Read"
SECRET, KEY = "the-client-secret", "the-secret-key-of-the-application-0123456789"
HOST = "app.test"
VIEWS = ("plain", "sign_in", "token")
Contender = Callable[[int], None]


class Signed:
    """A tenant, and the cookies of a user whom a WSGI application has signed in there."""

    def __init__(self) -> None:
        self.tenant = LocalTenant(clock=time.time)
        self.user = self.tenant.add_user("ada@tenant.test", password="a-password", name="Ada Lovelace")
        self.web = self.tenant.add_app(
            "Web", secrets=[SECRET], redirect_uris=[f"https://{HOST}/auth/callback"], scopes={"access": "Use the site"}
        )
        files = self.tenant.add_app(
            "Files", identifier_uri="api://files", secrets=["files"], scopes={"Files.Read": "Read"}
        )
        self.tenant.grant_consent(self.user, self.web, files, ["Files.Read"])
        self.tenant.grant_consent(self.user, self.web, self.tenant.graph, ["openid", "profile", "offline_access"])
        self.cookies: dict[str, str] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of this library."""
        return {
            "tenant_id": self.tenant.tenant_id,
            "client_id": self.web.client_id,
            "client_secret": SECRET,
            "authority": self.tenant.base_url,
            # Under Valgrind, a sign-in takes seconds.
            "authority_timeout": 60,
        }

    def sign_in(self, application: Any, path: str) -> None:
        """Sign the user in by opening a page that requires it."""
        self.complete(application, self.get(application, path)[0])

    def complete(self, application: Any, url: str) -> None:
        """Sign the user in at the tenant, and let the application complete the sign-in."""
        location, _ = self.get(application, TenantBrowser(self.tenant).sign_in(url, "ada@tenant.test"))
        if not location:
            raise RuntimeError("the sign-in failed")

    def get(self, application: Any, url: str) -> tuple[str, str]:
        """Request a page, and return the URL that it redirects to, if it does, and its text."""
        started: dict[str, Any] = {}
        parts = urlsplit(url)
        environ = environment(parts.path, self.cookies, parts.query, accept="text/html")
        chunks = application(environ, lambda status, headers, *_: started.update(status=status, headers=headers))
        text = b"".join(chunks).decode()
        for name, value in started["headers"]:
            if name.lower() == "set-cookie":
                for cookie, morsel in SimpleCookie(value).items():
                    self.cookies[cookie] = morsel.value
        locations = [value for name, value in started["headers"] if name.lower() == "location"]
        return next(iter(locations), ""), text


def environment(
    path: str, cookies: Mapping[str, str], query: str = "", accept: str = "text/html", **more: str
) -> dict[str, Any]:
    """Return the environ of a WSGI request, with the headers that Chromium sends."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": HOST,
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "HTTP_ACCEPT": accept,
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9",
        "HTTP_SEC_FETCH_DEST": "document",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "HTTP_SEC_FETCH_USER": "?1",
        "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


def wsgi_contender(application: Any, path: str, cookies: Mapping[str, str], **more: str) -> Contender:
    """Return the contender for a WSGI application."""
    environ = environment(path, cookies, **more)
    state = SimpleNamespace(status="")

    def start_response(status: str, *_: object) -> None:
        state.status = status

    def request() -> None:
        chunks = application({**environ, "wsgi.input": io.BytesIO()}, start_response)
        list(chunks)
        if hasattr(chunks, "close"):
            chunks.close()

    def make(requests: int) -> None:
        for _ in range(requests):
            request()
        if requests and state.status != "200 OK":
            raise RuntimeError(f"{path} answered {state.status}")

    return make


def asgi_contender(application: Any, path: str, cookies: Mapping[str, str]) -> Contender:
    """Return the contender for an ASGI application. All requests are made on one event loop."""
    environ = environment(path, cookies)
    headers = [
        (name[5:].lower().replace("_", "-").encode(), value.encode())
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    state = SimpleNamespace(status=0)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        state.status = message.get("status", state.status)

    async def run(requests: int) -> None:
        for _ in range(requests):
            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "https",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "root_path": "",
                "headers": headers,
                "server": (HOST, 443),
                "client": ("127.0.0.1", 50000),
            }
            await application(scope, _once(receive), send)
        if requests and state.status != 200:
            raise RuntimeError(f"{path} answered {state.status}")

    loop = asyncio.new_event_loop()
    return lambda requests: loop.run_until_complete(run(requests))


def _once(receive: Callable[[], Any]) -> Callable[[], Any]:
    """Return a channel that has one message, and stays open after that."""
    messages = [receive]

    async def next_message() -> Any:
        return await messages.pop()() if messages else await asyncio.Event().wait()

    return next_message


def folder() -> str:
    """Return a folder for this process."""
    made = tempfile.TemporaryDirectory(prefix="webidentity-benchmark-")
    _FOLDERS.append(made)
    return made.name


_FOLDERS: list[Any] = []


def flask(view: str) -> Contender:
    """Return a contender: this library with Flask and its cookie session."""
    from flask import Flask, session

    from webidentity_flask import WebIdentity, require_sign_in, require_token

    signed, root = Signed(), folder()
    app = Flask(__name__, instance_path=root)
    app.config.update(SECRET_KEY=KEY, TRUSTED_HOSTS=[HOST], SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax")
    app.config.update({f"WEBIDENTITY_{name.upper()}": value for name, value in signed.settings.items()})
    WebIdentity(app, transport=signed.tenant.transport())

    @app.get("/plain")
    def plain() -> str:
        session.get("another")
        return "plain"

    @app.get("/sign_in")
    @require_sign_in
    def sign_in() -> str:
        return "signed in"

    @app.get("/token")
    @require_token(scopes=[READ])
    def token() -> str:
        return "token"

    signed.sign_in(app.wsgi_app, "/sign_in")
    return wsgi_contender(app.wsgi_app, f"/{view}", signed.cookies)


def django(view: str) -> Contender:
    """Return a contender: this library with Django under WSGI."""
    from django.core.handlers.wsgi import WSGIHandler

    cookies = _signed_in_django()
    return wsgi_contender(WSGIHandler(), f"/{view}", cookies)


def async_django(view: str) -> Contender:
    """Return a contender: this library with Django under ASGI, with async views."""
    from django.core.handlers.asgi import ASGIHandler

    cookies = _signed_in_django()
    return asgi_contender(ASGIHandler(), f"/async/{view}", cookies)


def _signed_in_django() -> dict[str, str]:
    """Set Django up, sign a user in, and return the cookies. The cookie session needs no thread in an event loop."""
    from django.conf import settings

    signed = Signed()
    settings.configure(
        SECRET_KEY=KEY,
        ALLOWED_HOSTS=[HOST],
        ROOT_URLCONF="benchmarks.django_urls",
        BASE_DIR=Path(folder()),
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "webidentity_django"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "webidentity_django.middleware.IdentityMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        WEBIDENTITY={**signed.settings, "transport": signed.tenant.transport()},
        LOGGING_CONFIG=None,
    )
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler

    signed.sign_in(WSGIHandler(), "/sign_in")
    return signed.cookies
