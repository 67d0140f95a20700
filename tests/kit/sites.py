"""The same site with each adapter."""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.kit.flask_project import make_flask
from tests.kit.http_browser import Browser, Call, SiteReply
from tests.kit.world import HOSTS, SECRET_KEY, World
from tests.kit.wsgi_asgi_calls import asgi_call, wsgi_call

#: Flask with its cookie session; Django under WSGI with sessions on the server, under ASGI with a cookie session.
KINDS = ("flask", "django", "django-asgi")


class Site:
    """One web application, called without a server. Its pages and logs are searched for secrets."""

    def __init__(self, kind: str, world: World, call: Call, log: "Log") -> None:
        self.kind = kind
        self.world = world
        self.log = log
        self._call = call
        self._texts: list[str] = []
        self._lock = threading.Lock()

    def browser(self, root: str = HOSTS[0]) -> Browser:
        """Return a new browser."""
        return Browser(self.call, self.world, root)

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> SiteReply:
        """Send one request."""
        reply = self._call(method, url, headers, body)
        with self._lock:
            self._texts.append(reply.text)
        return reply

    def api(self, path: str, token: str | None = None, headers: Mapping[str, str] | None = None) -> SiteReply:
        """Call as another program does, with or without a bearer token."""
        given = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.call("GET", f"{HOSTS[0]}{path}", {"Accept": "application/json", **given, **(headers or {})})

    def assert_discreet(self) -> None:
        """Check that no page and no log record contains a secret."""
        for text in [*self._texts, *self.log.texts()]:
            found = self.world.secrets.found_in(text)
            assert not found, f"{len(found)} secrets in: {text[:300]}"
        for text in self._texts:
            assert not re.search(r"(?<!\.)\.\.[\s\"<]", text), f"two full stops in: {text[-1000:]}"


class Log(logging.Handler):
    """Keeps every record of every logger, from DEBUG on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def texts(self) -> list[str]:
        """Return the records as a formatter writes them, with tracebacks and with their arguments."""
        formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
        return [f"{formatter.format(record)} {record.args!r}" for record in self.records]

    def messages(self, name: str) -> list[str]:
        """Return the messages of one logger."""
        return [record.getMessage() for record in self.records if record.name == name]


MakeSite = Callable[..., Site]


def make_site(
    kind: str,
    world: World,
    folder: Path,
    stack: contextlib.ExitStack,
    log: Log,
    *,
    settings: Mapping[str, Any] | None = None,
    secret_key: str = SECRET_KEY,
    fallbacks: tuple[str, ...] = (),
    hosts: tuple[str, ...] | None = ("app.test", "localhost"),
    store: Any = None,
    **framework: Any,
) -> Site:
    """Return the site. ``settings`` replace the defaults; those that are None are left out."""
    world.secrets.add(secret_key, *fallbacks)
    merged = {**world.settings, "cache_path": str(folder / "tokens.sqlite3"), **(settings or {})}
    values = {name: value for name, value in merged.items() if value is not None}
    objects = {"transport": world.transport, **({"store": store} if store is not None else {})}
    if kind == "flask":
        config = {f"WEBIDENTITY_{name.upper()}": value for name, value in values.items()}
        own = {
            "SECRET_KEY": secret_key,
            "SECRET_KEY_FALLBACKS": list(fallbacks),
            "TRUSTED_HOSTS": hosts and list(hosts),
        }
        return Site(kind, world, wsgi_call(make_flask({**config, **own, **framework}, str(folder), **objects)), log)
    engine = "signed_cookies" if kind == "django-asgi" else "cache"
    overridden = override_settings(
        WEBIDENTITY={**values, **objects},
        SECRET_KEY=secret_key,
        SECRET_KEY_FALLBACKS=list(fallbacks),
        ALLOWED_HOSTS=list(hosts or ("*",)),
        BASE_DIR=folder,
        SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}",
        **framework,
    )
    stack.enter_context(overridden)
    call = asgi_call(ASGIHandler()) if kind == "django-asgi" else wsgi_call(WSGIHandler())
    return Site(kind, world, call, log)
