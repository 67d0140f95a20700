"""An adapter for another framework needs the public names of ``webidentity.web`` and nothing else."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import webidentity.web
from tests.kit import plain_wsgi
from tests.kit.http_browser import FETCH, Browser
from tests.kit.plain_wsgi import PlainApp
from tests.kit.world import READ, SECRET_KEY, WRITE, World, claims_of
from tests.kit.wsgi_asgi_calls import wsgi_call
from webidentity import AuthenticationRequiredError
from webidentity._protocol.effects import Flow
from webidentity.web import Requirements, SettingsError
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import FoundSession, Sessions


def files(credential: Any, token: Any) -> str:
    """Return the user of a token, if the credential returns the same one."""
    assert credential.get_token(READ).token == token.token
    return str(claims_of(token.token)["oid"])


def write() -> str:
    """Need a token that the guard has not acquired."""
    raise AuthenticationRequiredError([WRITE])


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made


@pytest.fixture
def app(world: World, tmp_path: Path) -> PlainApp:
    """An application with the third adapter."""
    made = PlainApp(world.settings, secret_key=SECRET_KEY, folder=tmp_path, transport=world.transport)
    made.add("/me", lambda identity: identity.record.username, Requirements())
    made.add("/files", files, Requirements(scopes=[READ]))
    made.add("/change", lambda: "changed", Requirements())
    made.add("/write", write, Requirements())
    made.add("/open", lambda identity: identity.record.username if identity else "anonymous")
    return made


def test_the_adapter_uses_public_names_only() -> None:
    """Each name that it imports from the package is in __all__, and no private attribute of it is used."""
    tree = ast.parse(Path(plain_wsgi.__file__).read_text())
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "webidentity" in str(node.module)
    ]
    assert {node.module for node in imports} == {"webidentity", "webidentity.web"}
    names = {alias.name for node in imports if node.module == "webidentity.web" for alias in node.names}
    assert names <= set(webidentity.web.__all__)
    private = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("_")}
    assert private <= {"_routes", "_views", "_sessions", "_answer", "_change"}, "those are its own"


def test_a_public_site_refuses_an_authority_on_its_own_machine(world: World, tmp_path: Path) -> None:
    """The message spells the settings as the framework does."""
    settings = {**world.settings, "base_url": "https://app.example.com", "authority": "http://localhost:8080"}
    with pytest.raises(SettingsError, match=r"AUTHORITY: a public site .* set ALLOW_LOCAL_AUTHORITY to True"):
        PlainApp(settings, secret_key=SECRET_KEY, folder=tmp_path, transport=world.transport)


def test_a_user_signs_in_calls_an_api_and_signs_out(app: PlainApp, world: World) -> None:
    """The whole life of a session."""
    browser = Browser(wsgi_call(app), world)
    assert browser.get("/open").text == "anonymous"
    page = browser.sign_in(path="/files")
    assert page.text == world.ada.object_id
    assert page.header("Cache-Control") == "private, no-store"
    assert page.header("Vary") == "Cookie"
    assert browser.get("/me").text == browser.get("/open").text == "ada@tenant.test"
    stolen = Browser(wsgi_call(app), world, jar=dict(browser.jar))
    assert browser.post("/auth/sign-out").status == 200
    assert browser.get("/open").text == stolen.get("/open").text == "anonymous"


def test_each_caller_is_challenged_in_its_own_way(app: PlainApp, world: World) -> None:
    """Browsers, scripts and clients, also for an error inside a view."""
    browser = Browser(wsgi_call(app), world)
    assert browser.get("/me", FETCH).json["error"] == "sign_in_required"
    assert wsgi_call(app)("GET", "https://app.test/me", {}, b"").header("WWW-Authenticate") == "Bearer"
    browser.sign_in()
    assert WRITE in browser.get("/write").query["scope"].split()


def test_a_bearer_token_is_exchanged(app: PlainApp, world: World) -> None:
    """The token is exchanged on behalf of its user."""
    headers = {"Authorization": f"Bearer {world.access_token(world.grace)}"}
    reply = wsgi_call(app)("GET", "https://app.test/files", headers, b"")
    assert reply.text == world.grace.object_id
    assert reply.header("Vary") == "Authorization"


def test_a_cross_site_request_is_refused(app: PlainApp, world: World) -> None:
    """The adapter has no code for it: the guard does it."""
    browser = Browser(wsgi_call(app), world)
    browser.sign_in()
    assert browser.post("/change").text == "changed"
    assert browser.post("/change", headers={"Sec-Fetch-Site": "cross-site"}).status == 403


def test_each_guard_starts_the_check_of_the_account(
    app: PlainApp, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a token or without, once for a request of a session, and never for a bearer token."""
    checked: list[str] = []

    def check_beside(sessions: Sessions, state: SessionState) -> Flow[None]:
        checked.append(state.record.username)
        return
        yield

    def find_due(sessions: Sessions, state: SessionState) -> Flow[FoundSession | None]:
        found = yield from find(sessions, state)
        return found and replace(found, is_due=True)

    find = Sessions.find

    browser = Browser(wsgi_call(app), world)
    browser.sign_in(path="/files")
    monkeypatch.setattr(Sessions, "check_beside", check_beside)
    monkeypatch.setattr(Sessions, "find", find_due)
    for path in ("/files", "/me", "/open"):
        assert browser.get(path).status == 200
        assert checked.pop() == "ada@tenant.test"
        assert not checked
    headers = {"Authorization": f"Bearer {world.access_token(world.grace)}"}
    assert browser.get("/files", headers).text == world.grace.object_id
    assert not checked
