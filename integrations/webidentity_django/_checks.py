"""System checks: report at start-up what would fail at the first request."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from webidentity.web import Settings, SettingsError, session_cookie_warnings
from webidentity_django._conf import MIDDLEWARE, SESSIONS, read_settings, routes_of_project, session_advice

_WARNINGS = {"SESSION_COOKIE_SECURE": "webidentity.W001", "SESSION_COOKIE_SAMESITE": "webidentity.W002"}


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Return the problems of the settings, the middleware and the routes."""
    found: list[checks.CheckMessage] = []
    try:
        read, _objects = read_settings()
    except SettingsError as error:
        tenant = "without a cloud account, prefix the command: webidentity tenant python manage.py ..."
        hint = tenant if error.is_missing else None
        found.append(checks.Error(str(error), hint=hint, id="webidentity.E001"))
    else:
        found += _cookie_warnings(read)
    if MIDDLEWARE not in settings.MIDDLEWARE:
        message, hint = f"MIDDLEWARE does not contain {MIDDLEWARE!r}", f"add it below {SESSIONS!r}"
        found.append(checks.Error(message, hint=hint, id="webidentity.E002"))
    elif advice := session_advice():
        found.append(checks.Error("IdentityMiddleware requires the session", hint=advice, id="webidentity.E003"))
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
