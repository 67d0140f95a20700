"""The middleware: ``request.identity``, challenges, and cache headers."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from webidentity import AuthenticationRequiredError
from webidentity.web import TOKEN_ERRORS
from webidentity_django._conf import get_site, warn_without_application, warn_without_session
from webidentity_django._decorators import is_coroutine_view
from webidentity_django._request import aload_identity, load_identity, request_facts
from webidentity_django._responses import keep_private, respond

_GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class IdentityMiddleware:
    """Sets ``request.identity``, and ``request.aidentity()`` to await in async code.

    Answers an AuthenticationRequiredError that is raised anywhere inside a view with the right challenge.

    :raises ~django.core.exceptions.ImproperlyConfigured: a setting is missing, misspelled or malformed.
    """

    sync_capable: bool = True
    async_capable: bool = True

    def __init__(self, get_response: _GetResponse) -> None:
        get_site()
        warn_without_application()
        self._get_response = get_response
        self._is_async = is_coroutine_view(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request."""
        self._prepare(request)
        if self._is_async:
            return self._aanswer(request)
        return keep_private(request, cast("HttpResponseBase", self._get_response(request)))

    async def _aanswer(self, request: HttpRequest) -> HttpResponseBase:
        return keep_private(request, await cast("Awaitable[HttpResponseBase]", self._get_response(request)))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an AuthenticationRequiredError with the right challenge, other token errors with status 502 or 503."""
        if isinstance(exception, AuthenticationRequiredError):
            site = get_site()
            return respond(request, site.run(site.challenge(request_facts(request), exception)))
        if isinstance(exception, TOKEN_ERRORS):
            return respond(request, get_site().no_token(request_facts(request), exception))
        return None

    @staticmethod
    def _prepare(request: HttpRequest) -> None:
        if not hasattr(request, "session"):
            warn_without_session()
        extended: Any = request
        extended.identity = SimpleLazyObject(partial(load_identity, request))
        extended.aidentity = partial(aload_identity, request)
