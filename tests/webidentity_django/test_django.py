"""Features of the Django adapter alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import clear_script_prefix
from pytest_django import Settings

import webidentity_django
from tests.kit.http_browser import Browser
from tests.kit.world import World
from tests.kit.wsgi_asgi_calls import wsgi_call
from webidentity_django._conf import get_site
from webidentity_django.middleware import IdentityMiddleware

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
IDENTITY = "webidentity_django.middleware.IdentityMiddleware"
#: Arguments of a request of a browser, over https.
PAGE: dict[str, Any] = {"headers": {"accept": "text/html"}, "secure": True}


@pytest.fixture(autouse=True)
def _valid_settings(settings: Settings, world: World, tmp_path: Path) -> None:
    """Valid settings, unless a test changes them."""
    settings.WEBIDENTITY = {**world.settings, "transport": world.transport}
    settings.BASE_DIR = tmp_path
    settings.SESSION_COOKIE_SECURE = True


def found() -> dict[str, str]:
    """Return the messages of webidentity's system checks by ID."""
    messages = [message for message in run_checks() if str(message.id).startswith("webidentity.")]
    assert all(isinstance(message, Error if ".E" in str(message.id) else CheckWarning) for message in messages)
    return {str(message.id): f"{message.msg} {message.hint}" for message in messages}


def test_good_settings_pass_the_checks() -> None:
    """manage.py check reports nothing."""
    assert found() == {}
    call_command("check")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"client_id": None}, "WEBIDENTITY['client_id'] is missing"),
        ({"client_secret": ""}, "WEBIDENTITY['client_secret'] is missing"),
        ({"tenent_id": "x"}, "Did you mean WEBIDENTITY['tenant_id']?"),
        ({"tenant_id": "common"}, "WEBIDENTITY['tenant_id']: 'common' admits users of any tenant"),
    ],
)
def test_the_checks_name_a_bad_setting(settings: Settings, change: dict[str, Any], message: str) -> None:
    """manage.py check and manage.py runserver stop with it."""
    settings.WEBIDENTITY = {**settings.WEBIDENTITY, **change}
    assert message in found()["webidentity.E001"]
    with pytest.raises(SystemCheckError) as raised:
        call_command("check")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("change", "is_missing"), [({"client_id": None}, True), ({"client_id": "x"}, False), ({"tenent_id": "x"}, False)]
)
def test_the_local_tenant_is_a_hint_for_missing_settings(
    settings: Settings, change: dict[str, Any], is_missing: bool
) -> None:
    """It does not help against a typing error."""
    settings.WEBIDENTITY = {**settings.WEBIDENTITY, **change}
    assert ("webidentity tenant python manage.py" in found()["webidentity.E001"]) is is_missing


@pytest.mark.parametrize("value", [None, "tenant", []])
def test_the_checks_report_that_the_whole_setting_is_missing(settings: Settings, value: object) -> None:
    """The report names the required keys."""
    settings.WEBIDENTITY = value
    assert "WEBIDENTITY is missing from the settings" in found()["webidentity.E001"]
    with pytest.raises(ImproperlyConfigured, match="tenant_id, client_id and client_secret"):
        WSGIHandler()


def test_the_checks_report_that_the_middleware_is_missing(settings: Settings) -> None:
    """Without it, no request has an identity."""
    settings.MIDDLEWARE = [SESSIONS]
    assert IDENTITY in found()["webidentity.E002"]
    assert f"add it below {SESSIONS!r}" in found()["webidentity.E002"]


@pytest.mark.parametrize(
    ("change", "id_", "name"),
    [
        ({"SESSION_COOKIE_SECURE": False}, "webidentity.W001", "SESSION_COOKIE_SECURE"),
        ({"SESSION_COOKIE_SAMESITE": False}, "webidentity.W002", "SESSION_COOKIE_SAMESITE"),
        ({"SESSION_COOKIE_SAMESITE": "None"}, "webidentity.W002", "SESSION_COOKIE_SAMESITE"),
    ],
)
def test_the_checks_warn_of_a_weak_session_cookie(
    settings: Settings, change: dict[str, Any], id_: str, name: str
) -> None:
    """On a public site, which Entra ID reaches by https only, and not during development."""
    for setting, value in change.items():
        setattr(settings, setting, value)
    assert list(found()) == [id_]
    assert f"{name} is not set" in found()[id_]
    public, settings.ALLOWED_HOSTS = settings.ALLOWED_HOSTS, ["localhost"]
    assert found() == {}
    settings.ALLOWED_HOSTS = public
    settings.DEBUG = True
    assert found() == {}


def test_the_checks_warn_of_a_strict_session_cookie(settings: Settings) -> None:
    """Browsers do not send it when the authority redirects back."""
    settings.SESSION_COOKIE_SAMESITE = "Strict"
    assert list(found()) == ["webidentity.W002"]
    assert 'is "Strict"' in found()["webidentity.W002"]
    assert 'Set it to "Lax"' in found()["webidentity.W002"]


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of this package."""
    return [record.getMessage() for record in caplog.records if record.name == "webidentity.web"]


def test_a_project_without_the_middleware_is_warned_once(
    settings: Settings, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Servers for production do not run the system checks. Guards work; views that raise a challenge would not."""
    settings.MIDDLEWARE = [SESSIONS]
    assert [client.get("/me", **PAGE).status_code for _ in range(3)] == [302] * 3
    (warning,) = warnings_of(caplog)
    assert f"MIDDLEWARE does not contain {IDENTITY!r}: add it below {SESSIONS!r}" in warning


@pytest.mark.asyncio
async def test_an_async_view_without_the_middleware_is_reported_too(
    settings: Settings, async_client: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The same over ASGI."""
    settings.MIDDLEWARE = [SESSIONS]
    assert (await async_client.get("/async/me", **PAGE)).status_code == 302
    assert len(warnings_of(caplog)) == 1


def test_a_project_that_does_not_install_the_application_is_warned_once(
    settings: Settings, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Django cannot run the system checks of an application that it does not know."""
    settings.INSTALLED_APPS = ["django.contrib.sessions"]
    assert [client.get("/me", **PAGE).status_code for _ in range(3)] == [302] * 3
    (warning,) = warnings_of(caplog)
    assert "INSTALLED_APPS does not contain 'webidentity_django'" in warning


WRONG_SESSIONS = pytest.mark.parametrize(
    ("middleware", "advice"),
    [
        ([IDENTITY], f"add {SESSIONS!r} above {IDENTITY!r}"),
        ([IDENTITY, SESSIONS], f"put {IDENTITY!r} below {SESSIONS!r}"),
    ],
)


@WRONG_SESSIONS
def test_the_checks_require_the_session_middleware_first(
    settings: Settings, middleware: list[str], advice: str
) -> None:
    """The identity is read from the session."""
    settings.MIDDLEWARE = middleware
    assert advice in found()["webidentity.E003"]


@WRONG_SESSIONS
def test_a_project_without_the_session_is_warned_once(
    settings: Settings, client: Client, caplog: pytest.LogCaptureFixture, middleware: list[str], advice: str
) -> None:
    """Servers for production do not run the system checks."""
    settings.MIDDLEWARE = middleware
    for _ in range(3):
        client.get("/public", **PAGE)
    (warning,) = warnings_of(caplog)
    assert advice in warning


@pytest.mark.asyncio
async def test_the_lazy_identity_in_async_code_says_what_to_await(rf: RequestFactory) -> None:
    """A session in a database cannot be read there."""

    class Session:
        def get(self, key: str) -> Any:
            raise SynchronousOnlyOperation("You cannot call this from an async context")

    async def view(request: Any) -> HttpResponse:
        request.session = Session()
        with pytest.raises(SynchronousOnlyOperation, match=r"await request\.aidentity\(\)"):
            assert request.identity
        return HttpResponse("explained")

    answer: Any = IdentityMiddleware(view)(rf.get("/", **PAGE))
    assert (await answer).content == b"explained"


@pytest.mark.urls("tests.webidentity_django.urls_without_routes")
def test_the_checks_report_that_the_routes_are_missing() -> None:
    """The report has the line to add."""
    assert "include('webidentity_django.urls')" in found()["webidentity.E004"]


def test_a_test_may_override_the_settings(settings: Settings) -> None:
    """The site is created again, with the overridden settings."""
    before = get_site()
    with override_settings(WEBIDENTITY={**settings.WEBIDENTITY, "session_lifetime": 60}):
        assert get_site().settings.session_lifetime == 60
    assert get_site() is not before
    assert get_site().settings.session_lifetime == 8 * 3600


@pytest.fixture
def _no_script_prefix() -> Iterator[None]:
    """Django keeps the prefix of the last request."""
    yield
    clear_script_prefix()


@pytest.mark.usefixtures("_no_script_prefix")
def test_an_application_under_a_path(settings: Settings, world: World) -> None:
    """FORCE_SCRIPT_NAME: the redirect URI and the pages are under the path."""
    object.__setattr__(world.web, "redirect_uris", ("https://app.test/mount/auth/callback",))
    settings.FORCE_SCRIPT_NAME = "/mount"
    browser = Browser(wsgi_call(WSGIHandler()), world)
    started = browser.get("/me?x=1")
    assert started.query["redirect_uri"] == "https://app.test/mount/auth/callback"
    done = browser.get(browser.authorize(started).replace("/mount/", "/"))
    assert done.location == "/mount/me?x=1"
    assert 'action="/mount/auth/sign-out"' in browser.get("/auth/sign-out").text


def test_the_package_exports_the_decorators() -> None:
    """They are loaded on first use, since Django imports the package before its settings."""
    assert webidentity_django.require_sign_in.__name__ == "require_sign_in"
    assert webidentity_django.require_token.__name__ == "require_token"
    with pytest.raises(AttributeError, match="has no attribute 'require_nothing'"):
        _ = webidentity_django.require_nothing


@pytest.mark.parametrize("scopes", [[], "User.Read", [""]])
def test_a_guard_without_scopes_is_refused_when_it_is_written(scopes: Any) -> None:
    """The decorator raises the error, not the first request."""
    with pytest.raises(ValueError, match="require_token"):
        webidentity_django.require_token(scopes=scopes)


@pytest.mark.urls("tests.webidentity_django.urls_with_page_cache")
def test_a_page_cache_above_a_guard_stores_nothing(settings: Settings, world: World) -> None:
    """cache_page runs before the middleware, so the guard itself sets the header."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    ada, grace = (Browser(wsgi_call(WSGIHandler()), world) for _ in range(2))
    assert ada.sign_in(path="/cached").text == "ada@tenant.test"
    assert grace.get("/cached").status == 302
    assert grace.sign_in(world.grace, path="/cached").text == "grace@tenant.test"
    assert ada.get("/cached").text == "ada@tenant.test"
