"""Flask sessions that are stored on the server: Flask-Session, and interfaces that it did not write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

from tests.kit.clock import Clock
from tests.kit.flask_project import add_views
from tests.kit.http_browser import Browser
from tests.kit.world import SECRET_KEY, World
from tests.kit.wsgi_asgi_calls import wsgi_call
from webidentity.testing import TenantBrowser
from webidentity.web import SettingsError
from webidentity_flask import WebIdentity

BACKENDS = ("cachelib", "sqlalchemy")
# Python 3.12 and later: Flask-Session's own database interface calls it.
pytestmark = pytest.mark.filterwarnings(r"ignore:datetime\.datetime\.utcnow:DeprecationWarning:flask_session")


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made


@pytest.fixture
def bare(world: World, tmp_path: Path) -> Iterator[Flask]:
    """An application without extensions."""
    app = Flask(__name__, instance_path=str(tmp_path))
    settings = {f"WEBIDENTITY_{name.upper()}": value for name, value in world.settings.items()}
    app.config.update(settings, SECRET_KEY=SECRET_KEY, TRUSTED_HOSTS=["app.test"], PROPAGATE_EXCEPTIONS=True)
    yield app
    database = app.extensions.get("sqlalchemy")
    if database is not None:
        with app.app_context():
            database.engine.dispose()


def use_flask_session(app: Flask, backend: str, folder: Path) -> None:
    """Store the sessions of the application in files or in a database."""
    app.config["SESSION_TYPE"] = backend
    if backend == "cachelib":
        app.config["SESSION_CACHELIB"] = FileSystemCache(str(folder / "sessions"))
    else:
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'sessions.sqlite3'}"
        app.config["SESSION_SQLALCHEMY"] = SQLAlchemy(app)
    Session(app)


@pytest.fixture(params=BACKENDS)
def app(request: pytest.FixtureRequest, bare: Flask, world: World, tmp_path: Path) -> Flask:
    """An application with Flask-Session."""
    use_flask_session(bare, request.param, tmp_path)
    WebIdentity(bare, transport=world.transport)
    add_views(bare)
    return bare


def browser_of(app: Flask, world: World) -> Browser:
    return Browser(wsgi_call(app), world)


def test_the_previous_users_cookie_does_not_become_the_next_users(app: Flask, world: World, clock: Clock) -> None:
    """Session fixation: one user knows the session ID, and the next one signs in with the same browser."""
    browser, other = browser_of(app, world), browser_of(app, world)
    browser.sign_in(world.ada)
    known = browser.jar["session"]
    clock.advance(9 * 3600)  # Ada's session has ended
    browser.tenant = TenantBrowser(world.tenant)
    started = browser.get("/auth/sign-in?next=/me")
    assert browser.get(browser.authorize(started, world.grace)).status == 303
    assert browser.get("/me").text == "grace@tenant.test"
    assert browser.jar["session"] != known
    other.jar["session"] = known
    assert other.get("/open").text == "anonymous"
    assert not set(other.session()) - {"_permanent"}


def test_the_id_from_before_the_sign_in_is_useless(app: Flask, world: World) -> None:
    """The content of the anonymous session stays, under another ID."""
    browser, other = browser_of(app, world), browser_of(app, world)
    browser.get("/remember?what=a-basket")
    known = browser.jar["session"]
    browser.sign_in()
    assert browser.session()["remembered"] == "a-basket"
    assert browser.jar["session"] != known
    other.jar["session"] = known
    assert not set(other.session()) - {"_permanent"}


def test_a_sign_out_deletes_the_session(app: Flask, world: World) -> None:
    """A copy of the cookie is useless."""
    browser, other = browser_of(app, world), browser_of(app, world)
    browser.sign_in()
    other.jar["session"] = browser.jar["session"]
    assert browser.post("/auth/sign-out").status == 200
    assert "session" not in browser.jar
    assert not set(other.session()) - {"_permanent"}


class FixedSession(dict[str, Any], SessionMixin):
    """A session whose ID never changes."""

    sid = "the-same-id"


class WithoutRegenerate(SessionInterface):
    """Sessions on the server whose ID cannot be replaced."""

    def open_session(self, app: Flask, request: Any) -> Any:
        return FixedSession()

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        """Store nothing."""


class WithIdleRegenerate(WithoutRegenerate):
    """An interface that only pretends to replace the ID."""

    def regenerate(self, session: Any) -> None:
        """Do nothing."""


def test_an_interface_that_cannot_replace_the_id_stops_the_application(bare: Flask, world: World) -> None:
    """The message names the interface and what it needs."""
    bare.session_interface = WithoutRegenerate()
    with pytest.raises(SettingsError, match=r"WithoutRegenerate.*regenerate\(session\)"):
        WebIdentity(bare, transport=world.transport)


def test_an_interface_that_is_set_later_is_checked_too(bare: Flask, world: World) -> None:
    """The first request checks the interface, because Flask has no earlier moment."""
    WebIdentity(bare, transport=world.transport)
    add_views(bare)
    bare.session_interface = WithoutRegenerate()
    with pytest.raises(SettingsError, match="WithoutRegenerate"):
        browser_of(bare, world).get("/public")


def test_an_interface_that_keeps_the_id_cannot_sign_in(bare: Flask, world: World) -> None:
    """The sign-in fails, and the session does not get the user."""
    bare.session_interface = WithIdleRegenerate()
    WebIdentity(bare, transport=world.transport)
    browser = browser_of(bare, world)
    started = browser.get("/auth/sign-in")
    with pytest.raises(RuntimeError, match="did not give the session a new ID"):
        browser.get(browser.authorize(started))


def test_a_variant_of_flasks_own_interface_is_accepted(bare: Flask, world: World) -> None:
    """A signed cookie has no ID."""

    class Variant(SecureCookieSessionInterface):
        salt = "another-salt"

    bare.session_interface = Variant()
    WebIdentity(bare, transport=world.transport)
    add_views(bare)
    assert browser_of(bare, world).sign_in().text == "ada@tenant.test"
