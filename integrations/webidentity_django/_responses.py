"""Answers as Django's responses and as changes of its session."""

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from webidentity.web import SESSION_KEY, Answer, StartSession, private_headers
from webidentity_django._request import known_identity


class RedirectResponse(HttpResponse):
    """A redirect of any status. Django's test client follows redirects through ``url``."""

    @property
    def url(self) -> str:
        """The URL that the response redirects to."""
        return self.headers["Location"]


def respond(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Change the session as the answer says, and return its response."""
    if answer.session == "end":
        _end_session(request)
    elif answer.session is not None:
        _start_session(request, answer.session)
    kind = RedirectResponse if any(name == "Location" for name, _ in answer.headers) else HttpResponse
    response = kind(answer.body, status=answer.status, content_type=answer.content_type)
    for name, value in answer.headers:
        response.headers[name] = value
    for cookie in answer.cookies:
        response.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return response


def _start_session(request: HttpRequest, start: StartSession) -> None:
    if start.keeps(has_login=has_login(request)):
        request.session.cycle_key()
    else:
        _end_session(request)
    request.session[SESSION_KEY] = dict(start.value)


def has_login(request: HttpRequest) -> bool:
    """Whether a user of django.contrib.auth is logged in."""
    return auth.SESSION_KEY in request.session


def _end_session(request: HttpRequest) -> None:
    if has_login(request):
        auth.logout(request)
    else:
        request.session.flush()


def keep_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keep pages of a signed-in user out of caches and of the browser's history.

    Both the guards and the middleware call it: ``cache_page`` may be between the two.
    """
    identity = known_identity(request)
    if identity:
        headers = response.headers
        for name, value in private_headers(identity, headers.get("Cache-Control"), headers.get("Vary")):
            headers[name] = value
    return response
