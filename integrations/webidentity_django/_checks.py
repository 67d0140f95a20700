"""System checks: report at start-up what would fail at the first request."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from webidentity.web import Settings, SettingsError, session_cookie_warnings
from webidentity_django._conf import MIDDLEWARE, read_settings, routes_of_project

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


_WARNINGS = {"SESSION_COOKIE_SECURE": "webidentity.W001", "SESSION_COOKIE_SAMESITE": "webidentity.W002"}


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Return the problems of the settings, the middleware and the routes."""
    found: list[checks.CheckMessage] = []
    try:
        read, _objects = read_settings()
    except SettingsError as error:
        hint = "without a cloud account, prefix the command: webidentity tenant python manage.py ..."
        found.append(checks.Error(str(error), hint=hint, id="webidentity.E001"))
    else:
        found += _cookie_warnings(read)
    middleware = list(settings.MIDDLEWARE)
    if MIDDLEWARE not in middleware:
        found.append(checks.Error(f"MIDDLEWARE does not contain {MIDDLEWARE!r}", id="webidentity.E002"))
    elif _SESSIONS not in middleware or middleware.index(_SESSIONS) > middleware.index(MIDDLEWARE):
        hint = f"put {_SESSIONS!r} above {MIDDLEWARE!r}"
        found.append(checks.Error("IdentityMiddleware requires the session", hint=hint, id="webidentity.E003"))
    try:
        routes_of_project()
    except ImproperlyConfigured as error:
        found.append(checks.Error(str(error), id="webidentity.E004"))
    return found


def _cookie_warnings(read: Settings) -> list[checks.CheckMessage]:
    if settings.DEBUG:
        return []
    warnings = session_cookie_warnings(
        read,
        settings.ALLOWED_HOSTS,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        same_site=settings.SESSION_COOKIE_SAMESITE,
    )
    return [checks.Warning(message, id=_WARNINGS[name]) for name, message in warnings]
