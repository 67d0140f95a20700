"""Django's request, as facts."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix

from webidentity.web import RequestFacts

_ATTRIBUTE = "_webidentity_facts"


def request_facts(request: HttpRequest) -> RequestFacts:
    """Return the facts of a request, gathered at their first use.

    :raises ~django.core.exceptions.DisallowedHost: its host is none of ALLOWED_HOSTS; Django answers that itself.
    """
    facts = cast("RequestFacts | None", getattr(request, _ATTRIBUTE, None))
    if facts is None:
        facts = _gather(request)
        setattr(request, _ATTRIBUTE, facts)
    return facts


def _gather(request: HttpRequest) -> RequestFacts:
    root_path = get_script_prefix().rstrip("/")
    path, _, query = request.get_full_path().partition("?")
    return RequestFacts(
        method=request.method or "GET",
        root_url=f"{request.scheme}://{request.get_host()}{root_path}",
        root_path=root_path,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=request.COOKIES,
        host_is_trusted="*" not in settings.ALLOWED_HOSTS,
    )
