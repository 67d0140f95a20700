"""The applications of ``guard_sites.py`` with the package identity, signed in at the same tenant."""

import re
from html import unescape
from typing import Any

import requests
from azure.core.rest import HttpRequest
from requests.adapters import HTTPAdapter

from benchmarks.guard_sites import HOST, KEY, READ, SECRET, Contender, Signed, wsgi_contender

_CALLBACK = f"https://{HOST}/auth/callback"


def flask(view: str) -> Contender:
    """Return a contender: identity with Flask, and its sessions in memory."""
    from cachelib import SimpleCache
    from flask import Flask, session
    from identity.flask import Auth

    signed = Signed()
    app = Flask(__name__)
    app.config.update(SECRET_KEY=KEY, SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    auth: Any = Auth(app, **_arguments(signed))

    @app.get("/plain")
    def plain() -> str:
        session.get("another")
        return "plain"

    def sign_in(*, context: Any) -> str:
        return "signed in"

    def token(*, context: Any) -> str:
        return context["access_token"] and "token"

    app.get("/sign_in")(auth.login_required(sign_in))
    app.get("/token")(auth.login_required(token, scopes=[READ]))
    _sign_in(signed, app.wsgi_app)
    return wsgi_contender(app.wsgi_app, f"/{view}", signed.cookies)


def django(view: str) -> Contender:
    """Return a contender: identity with Django under WSGI. It has no async views."""
    from django.conf import settings
    from django.http import HttpResponse
    from django.urls import include, path

    signed = Signed()
    settings.configure(
        SECRET_KEY=KEY,
        ALLOWED_HOSTS=[HOST],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "identity"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        LOGGING_CONFIG=None,
    )
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from identity.django import Auth

    auth: Any = Auth(**_arguments(signed))

    def plain(request: Any) -> HttpResponse:
        request.session.get("another")
        return HttpResponse("plain")

    def sign_in(request: Any, *, context: Any) -> HttpResponse:
        return HttpResponse("signed in")

    def token(request: Any, *, context: Any) -> HttpResponse:
        return HttpResponse(context["access_token"] and "token")

    settings.ROOT_URLCONF = (
        path("", include([auth.urlpattern])),
        path("plain", plain),
        path("sign_in", auth.login_required(sign_in)),
        path("token", auth.login_required(token, scopes=[READ])),
    )
    wsgi = WSGIHandler()
    _sign_in(signed, wsgi)
    return wsgi_contender(wsgi, f"/{view}", signed.cookies)


def _arguments(signed: Signed) -> dict[str, Any]:
    _connect(signed)
    return {
        "authority": f"{signed.tenant.base_url}/{signed.tenant.tenant_id}",
        "client_id": signed.web.client_id,
        "client_credential": SECRET,
        "redirect_uri": _CALLBACK,
    }


def _connect(signed: Signed) -> None:
    """Send the requests of msal to the tenant."""
    transport = signed.tenant.transport()

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        sent = HttpRequest(
            request.method or "GET", request.url or "", headers=dict(request.headers), content=request.body
        )
        reply: Any = transport.send(sent)
        response = requests.Response()
        response.status_code, response.url, response.request = reply.status_code, request.url or "", request
        response.headers.update(reply.headers)
        response._content = reply.text().encode()
        return response

    HTTPAdapter.send = send


def _sign_in(signed: Signed, application: Any) -> None:
    """Sign the user in from the page that requires a token, so that it is cached."""
    _, page = signed.get(application, "/token")
    found = re.search(r"URL=(https://[^']*authorize[^']*)'", page)
    if not found:
        raise RuntimeError("the page has no link for the sign-in")
    signed.complete(application, unescape(found[1]))
