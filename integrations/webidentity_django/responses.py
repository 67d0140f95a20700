"""Answers, as Django's responses and as changes of its session."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from webidentity.web import SESSION_KEY, Answer, StartSession, private_cache_control
from webidentity_django.identity import known_identity


class RedirectResponse(HttpResponse):
    """A redirect of any status. Django's test client follows redirects through ``url``."""

    @property
    def url(self) -> str:
        """The URL that the response redirects to."""
        return self.headers["Location"]


def respond(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Carry out the answer."""
    if answer.session == "end":
        request.session.flush()
    elif answer.session is not None:
        _start_session(request, answer.session)
    kind = RedirectResponse if any(name == "Location" for name, _ in answer.headers) else HttpResponse
    response = kind(answer.body, status=answer.status, content_type=answer.content_type)
    for name, value in answer.headers:
        response.headers[name] = value
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age,
            secure=cookie.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )
    return response


def _start_session(request: HttpRequest, start: StartSession) -> None:
    if start.same_user:
        request.session.cycle_key()
    else:
        request.session.flush()
    request.session[SESSION_KEY] = start.state.to_json()


def keep_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keep pages of a signed-in user out of caches and of the back button.

    A guard does it as well as the middleware: ``cache_page`` may stand between the two.
    """
    identity = known_identity(request)
    if identity is not None and identity.is_authenticated:
        response.headers["Cache-Control"] = private_cache_control(response.headers.get("Cache-Control"))
        patch_vary_headers(response, ["Authorization" if identity.is_bearer else "Cookie"])
    return response
