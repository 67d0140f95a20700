"""The Flask extension."""

import logging
from typing import Any, cast

from flask import Flask, Response, current_app, request

from webidentity import AuthenticationRequiredError
from webidentity.web import (
    TOKEN_ERRORS,
    Routes,
    Settings,
    SettingsError,
    Site,
    Store,
    check_authority,
    private_headers,
    session_cookie_warnings,
)
from webidentity_flask._blueprint import build_blueprint
from webidentity_flask._decorators import GUARDED_ELSEWHERE
from webidentity_flask._request import EXTENSION, current_request, current_site, identity_of, request_facts
from webidentity_flask._responses import respond
from webidentity_flask._session_id import check_session_interface

_LOGGER = logging.getLogger("webidentity.web")
_PREFIX = "WEBIDENTITY_"
_WHERE = (
    "in app.config, or in the environment with FLASK_ before the name and call app.config.from_prefixed_env() "
    "before WebIdentity(app). Without a cloud account: webidentity tenant flask run"
)
_NO_KEY = (
    "SECRET_KEY is missing, or not a string: it protects the session and the token cache. Create one with "
    "python -c 'import secrets; print(secrets.token_hex(32))'."
)


class WebIdentity:
    """Microsoft Entra ID for a Flask application.

    It reads WEBIDENTITY_TENANT_ID, WEBIDENTITY_CLIENT_ID, WEBIDENTITY_CLIENT_SECRET and the other settings of
    :class:`webidentity.web.Settings` from ``app.config``, each with this prefix. It adds the routes /auth/sign-in,
    /auth/callback (the redirect URI to register) and /auth/sign-out.

    :param app: the application, or None to call :meth:`init_app` later.
    :param store: stores the tokens. The default is an SQLite file in the instance folder.
    :param transport: an azure-core transport for requests to the authority, for example the local tenant's.
    :raises SettingsError: a setting is missing, misspelled or malformed, or the sessions cannot get a new ID.
    """

    def __init__(self, app: Flask | None = None, *, store: Store | None = None, transport: Any = None) -> None:
        self._store = store
        self._transport = transport
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an application.

        :raises SettingsError: a setting is missing, misspelled or malformed, or the sessions cannot get a new ID.
        :raises TypeError: ``app`` is not an application.
        :raises RuntimeError: the application is set up already.
        """
        if not isinstance(cast("object", app), Flask):
            raise TypeError(f"Got {app!r}: pass the Flask application: WebIdentity(app)")
        if EXTENSION in app.extensions:
            raise RuntimeError("WebIdentity(app) was called already for this application: call it once")
        config = cast("dict[str, Any]", app.config)
        settings, secret_key = _read(app, config)
        check_session_interface(app)
        _check_deployment(app, settings)
        routes = Routes()
        app.extensions[EXTENSION] = Site(
            settings,
            secret_keys=[secret_key, *(config.get("SECRET_KEY_FALLBACKS") or ())],
            folder=app.instance_path,
            routes=lambda: routes,
            store=self._store,
            transport=self._transport,
            spell=_spell,
        )
        app.register_blueprint(build_blueprint(routes))
        app.register_error_handler(AuthenticationRequiredError, _challenge)
        for kind in TOKEN_ERRORS:
            app.register_error_handler(kind, _no_token)
        app.before_request(_check_session_interface)
        app.before_request(_refuse_unguarded_route)
        # First in the list, which Flask calls from its end: no other function changes the headers afterwards.
        app.after_request_funcs.setdefault(None, []).insert(0, _keep_private)


def _spell(name: str) -> str:
    return _PREFIX + name.upper()


def _read(app: Flask, config: dict[str, Any]) -> tuple[Settings, str | bytes]:
    """Return the settings and the secret key, or raise one error for everything that is missing."""
    secret_key, no_key = app.secret_key, ""
    if not isinstance(secret_key, str | bytes) or not secret_key:
        no_key = _NO_KEY
    values = {name.removeprefix(_PREFIX).lower(): config[name] for name in config if name.startswith(_PREFIX)}
    try:
        settings = Settings.read(values, _spell, _WHERE)
    except SettingsError as error:
        if no_key and error.is_missing:
            raise SettingsError(f"{error}. {no_key}", is_missing=True) from None
        raise
    if not secret_key or no_key:
        raise SettingsError(f"{no_key} Set it {_WHERE}", is_missing=True)
    return settings, secret_key


def _check_deployment(app: Flask, settings: Settings) -> None:
    if app.debug:
        return
    config = cast("dict[str, Any]", app.config)
    hosts = config.get("TRUSTED_HOSTS") or ()
    check_authority(settings, hosts, _spell)
    secure, same_site = bool(config["SESSION_COOKIE_SECURE"]), config["SESSION_COOKIE_SAMESITE"]
    for _, warning in session_cookie_warnings(settings, hosts, secure=secure, same_site=same_site):
        _LOGGER.warning("%s", warning)


def _challenge(error: Exception) -> Response:
    """Answer an AuthenticationRequiredError that was raised anywhere inside a view."""
    assert isinstance(error, AuthenticationRequiredError)  # noqa: S101 - it is registered for this class only
    site = current_site()
    return respond(site.run(site.challenge(request_facts(), error)))


def _no_token(error: Exception) -> Response:
    """Answer an error of acquiring a token that was raised anywhere inside a view."""
    assert isinstance(error, TOKEN_ERRORS)  # noqa: S101 - it is registered for these classes only
    return respond(current_site().no_token(request_facts(), error))


def _check_session_interface() -> None:
    """Check the interface again: an extension for sessions may be set up after this one."""
    check_session_interface(current_app)


def _refuse_unguarded_route() -> None:
    """Stop a request whose guard was written above its route, where it has no effect."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, GUARDED_ELSEWHERE, False):
        raise RuntimeError(
            f"the guard of {request.endpoint!r} has no effect: write @app.route(...) above @require_token(...) or "
            "@require_sign_in, not below"
        )


def _keep_private(response: Response) -> Response:
    """Keep pages of a signed-in user out of caches and of the browser's history."""
    identity = identity_of(current_request())
    if identity:
        headers = response.headers
        # A view may have added several fields of one name.
        set_by_view = (", ".join(headers.getlist(name)) for name in ("Cache-Control", "Vary"))
        for name, value in private_headers(identity, *set_by_view):
            headers[name] = value
    return response
