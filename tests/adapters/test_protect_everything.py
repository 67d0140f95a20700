"""A site that requires sign-in for every page: the routes of the sign-in stay open."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.kit.flask_project import make_flask
from tests.kit.http_browser import Browser
from tests.kit.sites import MakeSite
from tests.kit.world import READ, SECRET_KEY, World
from tests.kit.wsgi_asgi_calls import wsgi_call
from webidentity_flask import require_sign_in, require_token

CLASS_VIEWS = ["/class", "/dispatch", "/method"]


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    """The Flask site of the scenarios, without a guard for all requests."""
    world.consent()
    settings = {**world.settings, "cache_path": str(tmp_path / "tokens.sqlite3")}
    config = {f"WEBIDENTITY_{name.upper()}": value for name, value in settings.items()}
    return make_flask({**config, "SECRET_KEY": SECRET_KEY}, str(tmp_path), transport=world.transport)


def signs_in_and_out(browser: Browser) -> None:
    """Check the whole way: page, sign-in, page, sign-out."""
    assert browser.sign_in(path="/public").text == "public"
    assert browser.get("/auth/sign-out").status == 200
    assert browser.post("/auth/sign-out").status == 200
    assert browser.get("/public").status == 302


def test_flask_with_a_guard_before_each_request(app: Flask, world: World) -> None:
    app.before_request(require_sign_in(lambda: None))
    signs_in_and_out(Browser(wsgi_call(app), world))


def test_flask_with_a_token_before_each_request(app: Flask, world: World) -> None:
    """The function is called with what it names, but not on the routes of the sign-in, where no user is known."""
    users: list[str] = []

    @app.before_request
    @require_token(scopes=[READ])
    def remember(identity: Any) -> None:
        users.append(identity.record.username)

    signs_in_and_out(Browser(wsgi_call(app), world))
    assert set(users) == {"ada@tenant.test"}


@pytest.mark.parametrize("path", CLASS_VIEWS)
def test_flask_with_class_based_views_behind_it(app: Flask, world: World, path: str) -> None:
    """The parameters that a class's method names are passed to that method only."""
    app.before_request(require_sign_in(lambda: None))
    assert Browser(wsgi_call(app), world).sign_in(path=path).json == {"same": True}


#: A Django project with LoginRequiredMiddleware. Flask ignores these settings.
LOGIN_REQUIRED: dict[str, Any] = {
    "LOGIN_URL": "/auth/sign-in",
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "webidentity_django.middleware.IdentityMiddleware",
    ],
}


@pytest.mark.parametrize("path", ["/me", "/async/me", "/files", "/class", "/dispatch", "/async/dispatch"])
def test_django_with_login_required_middleware(build: MakeSite, path: str) -> None:
    """It lets the routes of the sign-in and guarded views pass: a guard makes its own check."""
    site = build(**LOGIN_REQUIRED)
    site.world.consent()
    browser = site.browser()
    assert browser.sign_in(path=path).status == 200
    assert browser.post("/auth/sign-out").status == 200
    if site.kind != "flask":
        assert browser.get("/public").location == "/auth/sign-in?next=/public"
