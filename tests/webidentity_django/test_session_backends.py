"""Session backends of a project's own."""

from typing import Any

import pytest
from django.contrib.sessions.backends import cache, db, file, signed_cookies
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from pytest_django import Settings

from tests.kit import refusing_sessions
from tests.kit.http_browser import Browser
from tests.kit.world import World
from tests.kit.wsgi_asgi_calls import asgi_call, wsgi_call
from webidentity_django._request import _has_own_async_methods


@pytest.mark.parametrize("path", ["/me", "/async/me"])
@pytest.mark.parametrize("call", [lambda: wsgi_call(WSGIHandler()), lambda: asgi_call(ASGIHandler())])
def test_a_backend_that_overrides_load_decides_about_async_views_too(
    call: Any, path: str, settings: Settings, world: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The async methods that it inherits would not ask it."""
    settings.SESSION_ENGINE = "tests.kit.refusing_sessions"
    settings.WEBIDENTITY = {**world.settings, "transport": world.transport}
    settings.BASE_DIR = tmp_path
    settings.SESSION_COOKIE_SECURE = True
    browser = Browser(call(), world)
    browser.sign_in(path=path)
    assert browser.get(path).status == 200
    monkeypatch.setattr(refusing_sessions, "REVOKED", [True])
    assert browser.get(path).status == 302


class Both(db.SessionStore):
    def load(self) -> Any:
        return {}

    async def aload(self) -> Any:
        return {}


class OnlyGet(signed_cookies.SessionStore):
    def get(self, key: str, default: Any = None) -> Any:
        return default


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (db.SessionStore, True),
        (cache.SessionStore, True),
        (file.SessionStore, True),
        (signed_cookies.SessionStore, True),
        (Both, True),
        (OnlyGet, False),
        (refusing_sessions.SessionStore, False),
    ],
)
def test_async_methods_are_used_if_they_do_what_the_sync_ones_do(kind: type, *, expected: bool) -> None:
    """Otherwise the session is read on a thread."""
    assert _has_own_async_methods(kind) is expected


@pytest.mark.parametrize("path", ["/me", "/async/me", "/open"])
def test_a_foreign_host_is_refused_without_the_common_middleware(
    path: str, settings: Settings, world: World, tmp_path: Any
) -> None:
    """With it, Django compares the host of each request with ALLOWED_HOSTS itself."""
    settings.WEBIDENTITY = {**world.settings, "transport": world.transport}
    settings.BASE_DIR = tmp_path
    settings.ALLOWED_HOSTS = ["app.test"]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "CommonMiddleware" not in name]
    site = wsgi_call(WSGIHandler())
    headers = {"Accept": "application/json", "Authorization": f"Bearer {world.access_token()}"}
    assert site("GET", f"https://app.test{path}", headers, b"").status == 200
    assert site("GET", f"https://evil.test{path}", headers, b"").status == 400
