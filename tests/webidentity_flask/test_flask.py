"""Features of the Flask adapter alone."""

import functools
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, send_file, session
from flask.sessions import SessionInterface, SessionMixin
from flask.views import MethodView
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from tests.kit.flask_project import add_views, make_flask
from tests.kit.http_browser import Browser
from tests.kit.world import READ, SECRET_KEY, World
from tests.kit.wsgi_asgi_calls import wsgi_call
from webidentity.web import SettingsError
from webidentity_flask import WebIdentity, current_identity, require_sign_in, require_token


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made


@pytest.fixture
def config(world: World) -> dict[str, Any]:
    """The configuration of an application."""
    settings = {f"WEBIDENTITY_{name.upper()}": value for name, value in world.settings.items()}
    return {**settings, "SECRET_KEY": SECRET_KEY}


@pytest.fixture
def app(world: World, config: dict[str, Any], tmp_path: Path) -> Flask:
    """An application without views of its own."""
    made = Flask(__name__, instance_path=str(tmp_path))
    made.config.update(config, TRUSTED_HOSTS=["app.test"], PROPAGATE_EXCEPTIONS=True)
    WebIdentity(made, transport=world.transport)
    return made


def browser_of(app: Flask, world: World) -> Browser:
    return Browser(wsgi_call(app), world)


@pytest.mark.parametrize("guard", [require_sign_in, require_token(scopes=[READ])])
def test_a_guard_above_the_route_is_detected(app: Flask, world: World, guard: Any) -> None:
    """It would have no effect: the request stops with an explanation, and the view is not called."""
    called = []

    @guard
    @app.get("/wrong")
    def wrong() -> str:
        called.append(True)
        return "secret"

    with pytest.raises(RuntimeError, match=r"guard of 'wrong' has no effect: write @app.route\(...\) above"):
        browser_of(app, world).get("/wrong")
    assert not called


@pytest.mark.parametrize(
    ("guard", "written"),
    [(require_sign_in, "require_sign_in"), (require_token(scopes=[READ]), "require_token(scopes=[...])")],
)
def test_a_guard_at_a_class_says_where_it_belongs(guard: Any, written: str) -> None:
    """The class would become a function, without ``as_view``."""
    with pytest.raises(TypeError, match=r"guard the view: .* into the class Files") as caught:

        @guard
        class Files(MethodView):
            pass

    assert f"decorators = [{written}]" in str(caught.value)


def test_two_guards_below_the_route_both_apply(app: Flask, world: World) -> None:
    """Both guards apply in either order."""

    @app.get("/right")
    @require_token(scopes=[READ])
    @require_sign_in
    def right(token: Any, identity: Any) -> str:
        return f"{identity.record.username} {bool(token.token)}"

    browser = browser_of(app, world)
    assert browser.get("/right").status == 302
    assert browser.sign_in(path="/right").text == "ada@tenant.test True"


def test_a_bound_method_can_be_guarded(app: Flask, world: World) -> None:
    """It has no attributes of its own, so the guard cannot mark it."""

    class Pages:
        def show(self, identity: Any) -> str:
            return str(identity.record.username)

    app.add_url_rule("/method", view_func=require_sign_in(Pages().show))
    assert browser_of(app, world).sign_in(path="/method").text == "ada@tenant.test"


def test_a_parameter_of_the_route_takes_precedence(app: Flask, world: World) -> None:
    """A view whose URL contains ``token`` gets that value."""

    @app.get("/reset/<token>")
    @require_token(scopes=[READ])
    def reset(token: str) -> str:
        return token

    assert browser_of(app, world).sign_in(path="/reset/abc").text == "abc"


def test_requests_in_one_application_context_are_different_users(app: Flask, world: World) -> None:
    """Tests may push a context: requests share flask.g there, but must not share an identity."""
    add_views(app)
    ada, grace = browser_of(app, world), browser_of(app, world)
    ada.sign_in(world.ada)
    grace.sign_in(world.grace)
    with app.app_context():
        assert ada.get("/me").text == "ada@tenant.test"
        assert grace.get("/me").text == "grace@tenant.test"
        assert browser_of(app, world).get("/open").text == "anonymous"


class ServerSessions(SessionInterface):
    """Sessions on the server, as in Flask-Session: with an ID, and a method that replaces it."""

    class Session(dict[str, Any], SessionMixin):
        sid = ""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self._count = 0

    def open_session(self, app: Flask, request: Any) -> Any:
        sid = request.cookies.get("sid", "")
        opened = self.Session(self.kept.get(sid, {}))
        opened.sid = sid if sid in self.kept else self._new_id()
        return opened

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        self.kept[session.sid] = dict(session)
        response.set_cookie("sid", session.sid)

    def regenerate(self, session: Any) -> None:
        self.kept.pop(session.sid, None)
        session.sid = self._new_id()

    def _new_id(self) -> str:
        self._count += 1
        return f"session-{self._count}"


def test_a_session_on_the_server_gets_a_new_id(app: Flask, world: World) -> None:
    """Session fixation: the ID from before the sign-in is useless afterwards."""
    app.session_interface = sessions = ServerSessions()
    add_views(app)
    browser = browser_of(app, world)
    browser.get("/remember?what=a-basket")
    fixed = browser.jar["sid"]
    browser.sign_in()
    assert browser.jar["sid"] != fixed
    assert fixed not in sessions.kept
    assert browser.session()["remembered"] == "a-basket"


def test_an_application_may_be_created_later(world: World, config: dict[str, Any], tmp_path: Path) -> None:
    """Application factories use one extension for several applications."""
    extension = WebIdentity(transport=world.transport)
    for number in range(2):
        app = Flask(__name__, instance_path=str(tmp_path / str(number)))
        app.config.update(config, TRUSTED_HOSTS=["app.test"])
        extension.init_app(app)
        add_views(app)
        assert browser_of(app, world).sign_in().text == "ada@tenant.test"


def test_settings_come_from_prefixed_environment_variables(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLASK_WEBIDENTITY_TENANT_ID and so on, with numbers and lists in JSON."""
    for name, value in world.settings.items():
        monkeypatch.setenv(f"FLASK_WEBIDENTITY_{name.upper()}", value)
    monkeypatch.setenv("FLASK_WEBIDENTITY_SESSION_LIFETIME", "600")
    monkeypatch.setenv("FLASK_WEBIDENTITY_SCOPES", '["User.Read"]')
    monkeypatch.setenv("FLASK_SECRET_KEY", SECRET_KEY)
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.from_prefixed_env()
    WebIdentity(app)
    settings = app.extensions["webidentity"].settings
    assert (settings.session_lifetime, settings.scopes) == (600, ("User.Read",))


def test_an_application_under_a_path(world: World, config: dict[str, Any], tmp_path: Path) -> None:
    """Mounted by a dispatcher, the redirect URI and the pages are under the path."""
    object.__setattr__(world.web, "redirect_uris", ("https://app.test/mount/auth/callback",))
    inner = make_flask({**config, "APPLICATION_ROOT": "/mount"}, str(tmp_path), transport=world.transport)
    outer = DispatcherMiddleware(Flask("outer"), {"/mount": inner})
    browser = Browser(wsgi_call(outer), world)
    started = browser.get("/mount/me?x=1")
    assert started.query["redirect_uri"] == "https://app.test/mount/auth/callback"
    done = browser.get(browser.authorize(started))
    assert done.location == "/mount/me?x=1"
    assert browser.get("/mount/me").text == "ada@tenant.test"
    assert 'action="/mount/auth/sign-out"' in browser.get("/mount/auth/sign-out").text


def test_without_the_extension_a_guard_raises_an_error(world: World) -> None:
    """The message says what to call."""
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule("/me", "me", require_sign_in(lambda: "me"))
    with pytest.raises(RuntimeError, match=r"call WebIdentity\(app\)"):
        browser_of(app, world).get("/me")


@pytest.mark.parametrize("use", [bool, lambda identity: identity.record])
def test_without_the_extension_the_identity_raises_the_same_error(use: Any) -> None:
    """Also where Flask's proxies are otherwise false, and outside a request."""
    app = Flask(__name__)
    with app.app_context(), pytest.raises(RuntimeError, match=r"call WebIdentity\(app\)"):
        use(current_identity)
    with app.test_request_context("/"), pytest.raises(RuntimeError, match=r"call WebIdentity\(app\)"):
        use(current_identity)


def test_outside_a_request_nobody_is_signed_in(app: Flask) -> None:
    """As with Flask's own proxies."""
    assert not current_identity
    with app.app_context():
        assert not current_identity


def test_an_application_is_set_up_once(app: Flask, world: World) -> None:
    """Flask would report the name of a blueprint."""
    with pytest.raises(RuntimeError, match=r"WebIdentity\(app\) was called already for this application"):
        WebIdentity(app, transport=world.transport)


@pytest.mark.parametrize("wrong", ["app", __name__, Flask, 5])
def test_the_application_has_the_right_type(wrong: Any) -> None:
    """The error says what to pass."""
    with pytest.raises(TypeError, match=r"pass the Flask application: WebIdentity\(app\)"):
        WebIdentity(wrong)
    with pytest.raises(TypeError, match=r"pass the Flask application: WebIdentity\(app\)"):
        WebIdentity().init_app(wrong)


def test_everything_that_is_missing_is_reported_together(config: dict[str, Any]) -> None:
    """An application with no settings at all is started once, not four times."""
    with pytest.raises(SettingsError) as raised:
        WebIdentity(Flask(__name__))
    text = str(raised.value)
    assert text.startswith("WEBIDENTITY_TENANT_ID is missing")
    assert "Also missing: WEBIDENTITY_CLIENT_ID, WEBIDENTITY_CLIENT_SECRET. Set them in app.config" in text
    assert "SECRET_KEY is missing" in text
    assert text.count("app.config.from_prefixed_env()") == 1
    app = Flask(__name__)
    app.config.update({**config, "WEBIDENTITY_CLIENT_ID": None})
    with pytest.raises(SettingsError, match=r"^WEBIDENTITY_CLIENT_ID is missing: .* Set it in app\.config") as raised:
        WebIdentity(app)
    assert "SECRET_KEY" not in str(raised.value)


def test_without_a_secret_key_the_error_explains_how_to_create_one(config: dict[str, Any]) -> None:
    """The error is raised at start-up."""
    app = Flask(__name__)
    app.config.update({**config, "SECRET_KEY": None})
    with pytest.raises(SettingsError, match=r"SECRET_KEY is missing.*secrets.token_hex"):
        WebIdentity(app)


@pytest.mark.parametrize("scopes", [[], "User.Read", [""]])
def test_a_guard_without_scopes_is_refused_when_it_is_written(scopes: Any) -> None:
    """The decorator raises the error, not the first request."""
    with pytest.raises(ValueError, match="require_token"):
        require_token(scopes=scopes)


def test_a_credential_in_an_unguarded_view_is_a_challenge(app: Flask, world: World) -> None:
    """The user signs in and returns to the same page."""

    @app.get("/mixed")
    def mixed() -> Any:
        session["visited"] = True
        return jsonify(user=current_identity.credential.get_token(READ).expires_on > 0)

    browser = browser_of(app, world)
    assert browser.sign_in(path="/mixed").json == {"user": True}


def test_a_guard_above_the_route_is_detected_through_other_decorators(app: Flask, world: World) -> None:
    """The guard is detected with another decorator between it and the route."""

    def counted(view: Any) -> Any:
        return functools.wraps(view)(lambda *args, **kwargs: view(*args, **kwargs))

    @require_sign_in
    @counted
    @app.get("/wrong")
    def wrong() -> str:
        return "secret"

    with pytest.raises(RuntimeError, match="has no effect"):
        browser_of(app, world).get("/wrong")


def test_a_file_for_a_signed_in_user_is_not_public(app: Flask, world: World, tmp_path: Path) -> None:
    """send_file declares the file public if SEND_FILE_MAX_AGE_DEFAULT is set; the guard makes it private."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    (tmp_path / "report.txt").write_text("private")

    @app.get("/report")
    @require_sign_in
    def report() -> Any:
        return send_file(tmp_path / "report.txt")

    reply = browser_of(app, world).sign_in(path="/report")
    assert reply.text == "private"
    assert set(reply.header("Cache-Control").split(", ")) == {"private", "max-age=3600"}


def test_a_view_changes_the_claims_of_its_own_request_only(app: Flask, world: World) -> None:
    """The next request gets the original claims."""

    @app.get("/claims")
    @require_sign_in
    def claims(identity: Any) -> Any:
        before = list(identity.claims.get("roles", ()))
        identity.claims.get("roles", []).append("Injected")
        return jsonify(before)

    world.tenant.assign_role(world.ada, world.web, "Role.1")
    browser = browser_of(app, world)
    assert browser.sign_in(path="/claims").json == ["Role.1"]
    assert browser.get("/claims").json == ["Role.1"]


def test_one_function_may_be_guarded_for_several_applications(
    world: World, config: dict[str, Any], tmp_path: Path
) -> None:
    """Application factories do that."""

    def index() -> str:
        return "index"

    for _ in range(2):
        made = Flask(__name__, instance_path=str(tmp_path))
        made.config.update(config, TRUSTED_HOSTS=["app.test"], PROPAGATE_EXCEPTIONS=True)
        WebIdentity(made, transport=world.transport)
        made.add_url_rule("/index", view_func=require_sign_in(index))
        assert browser_of(made, world).get("/index").status == 302


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, ["SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SECURE": True}, ["SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "None"}, ["SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Lax"}, []),
        ({"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"}, ["SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "strict"}, ["SESSION_COOKIE_SAMESITE"]),
        ({"DEBUG": True}, []),
        ({"TRUSTED_HOSTS": ["localhost"]}, []),
        ({"TRUSTED_HOSTS": None}, []),
    ],
)
def test_a_weak_session_cookie_is_reported_at_start_up(
    config: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, Any], names: list[str]
) -> None:
    """On a public site, which Entra ID reaches by https only, and not during development."""
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update({**config, "TRUSTED_HOSTS": ["app.test"], **change})
    WebIdentity(app)
    assert [record.getMessage().partition(" is ")[0] for record in caplog.records] == names
    for record in caplog.records:
        assert record.getMessage().endswith(("Set it to True", 'Set it to "Lax"'))


def test_no_other_function_makes_a_page_public(world: World, config: dict[str, Any], tmp_path: Path) -> None:
    """Flask calls the functions after a request in the reverse order of their registration."""
    made = Flask(__name__, instance_path=str(tmp_path))
    made.config.update(config, TRUSTED_HOSTS=["app.test"])

    @made.after_request
    def cache_everything(response: Any) -> Any:
        response.headers["Cache-Control"] = "public, max-age=600"
        return response

    WebIdentity(made, transport=world.transport)
    add_views(made)
    browser = Browser(wsgi_call(made), world)
    browser.sign_in(path="/me")
    assert browser.get("/me").header("Cache-Control") == "private, max-age=600"
