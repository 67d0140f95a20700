"""The project's settings, and the site that is created from them."""

import logging
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, get_script_prefix, reverse

from webidentity.web import Routes, Settings, SettingsError, Site, check_authority

_LOGGER = logging.getLogger("webidentity.web")
_SETTING = "WEBIDENTITY"
APPLICATION = "webidentity_django"
MIDDLEWARE = "webidentity_django.middleware.IdentityMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
#: Keys of WEBIDENTITY that are objects for :class:`webidentity.web.Site` and not settings.
_OBJECTS = ("store", "transport")


def read_settings() -> tuple[Settings, dict[str, Any]]:
    """Return the settings, and the objects that WEBIDENTITY contains.

    :raises SettingsError: a setting is missing, misspelled or malformed.
    """
    values = getattr(settings, _SETTING, None)
    if not isinstance(values, dict):
        raise SettingsError(
            f"{_SETTING} is missing from the settings: set it to a dictionary with tenant_id, client_id and "
            "client_secret",
            is_missing=True,
        )
    given: dict[str, Any] = {**values}
    objects = {name: given.pop(name) for name in _OBJECTS if name in given}
    read = Settings.read(given, _spell)
    if not settings.DEBUG:
        check_authority(read, settings.ALLOWED_HOSTS, _spell)
    return read, objects


def _spell(name: str) -> str:
    return f"{_SETTING}[{name!r}]"


@cache
def get_site() -> Site:
    """Return the site of this project.

    :raises ImproperlyConfigured: a setting is missing, misspelled or malformed.
    """
    try:
        read, objects = read_settings()
    except SettingsError as error:
        raise ImproperlyConfigured(str(error)) from None
    return Site(
        read,
        secret_keys=[settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],
        folder=Path(getattr(settings, "BASE_DIR", ".")),
        routes=routes_of_project,
        spell=_spell,
        **objects,
    )


@cache
def warn_without_middleware() -> None:
    """Warn once that a guard runs without the middleware. Servers for production do not run the system checks."""
    _LOGGER.warning(
        "MIDDLEWARE does not contain %r: add it below %r. Without it, request.identity is missing, and an "
        "AuthenticationRequiredError in a view is not answered",
        MIDDLEWARE,
        SESSIONS,
    )


def session_advice() -> str:
    """Return how to change MIDDLEWARE so that the session is there for the identity; "" if it is right."""
    middleware = list(settings.MIDDLEWARE)
    if SESSIONS not in middleware:
        return f"add {SESSIONS!r} above {MIDDLEWARE!r}"
    if MIDDLEWARE in middleware and middleware.index(SESSIONS) > middleware.index(MIDDLEWARE):
        return f"put {MIDDLEWARE!r} below {SESSIONS!r}"
    return ""


@cache
def checks_hosts() -> bool:
    """Return whether each request's host is compared with ALLOWED_HOSTS before it reaches the views."""
    return _COMMON in settings.MIDDLEWARE


@cache
def warn_without_session() -> None:
    """Warn once that requests have no session when they reach the middleware."""
    _LOGGER.warning("IdentityMiddleware requires the session: %s", session_advice() or "put it below the sessions")


def warn_without_application() -> None:
    """Warn if the application is not installed, because Django does not run its system checks then."""
    if not apps.is_installed(APPLICATION):
        _LOGGER.warning("INSTALLED_APPS does not contain %r: its system checks do not run", APPLICATION)


def forget_site(*, setting: str, **_: Any) -> None:
    """Forget the site when a test overrides a setting that it depends on."""
    if setting in {_SETTING, "SECRET_KEY", "SECRET_KEY_FALLBACKS", "BASE_DIR"}:
        get_site.cache_clear()
    if setting == "MIDDLEWARE":
        warn_without_middleware.cache_clear()
        warn_without_session.cache_clear()
        checks_hosts.cache_clear()


def routes_of_project() -> Routes:
    """Return the paths at which the project includes the routes.

    :raises ImproperlyConfigured: the project does not include them.
    """
    prefix = get_script_prefix().rstrip("/")
    try:
        paths = [reverse(f"webidentity:{name}").removeprefix(prefix) for name in ("sign_in", "callback", "sign_out")]
    except NoReverseMatch:
        raise ImproperlyConfigured(
            "the routes of webidentity are missing: add path('auth/', include('webidentity_django.urls')) to the "
            "project's urls.py"
        ) from None
    return Routes(*paths)
