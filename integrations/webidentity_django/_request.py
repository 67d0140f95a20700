"""One request: its facts and its identity."""

from functools import cache, partial
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest
from django.urls import get_script_prefix

from webidentity.web import (
    SESSION_KEY,
    Answer,
    EnvironHeaders,
    Granted,
    Identity,
    RequestFacts,
    RequestTarget,
    Requirements,
)
from webidentity_django._conf import checks_hosts, get_site, warn_without_middleware

_FACTS = "_webidentity_facts"
_IDENTITY = "_webidentity_identity"


def request_facts(request: HttpRequest) -> RequestFacts:
    """Return the facts of a request.

    :raises ~django.core.exceptions.DisallowedHost: the host is not in ALLOWED_HOSTS. Django answers that itself.
    """
    facts = cast("RequestFacts | None", getattr(request, _FACTS, None))
    if facts is None:
        if not checks_hosts():
            request.get_host()
        facts = RequestFacts(request.method or "GET", EnvironHeaders(request.META), partial(_target, request))
        setattr(request, _FACTS, facts)
    return facts


def _target(request: HttpRequest) -> RequestTarget:
    """Return the target of a request.

    :raises ~django.core.exceptions.DisallowedHost: the host is not in ALLOWED_HOSTS. Django answers that itself.
    """
    root_path = get_script_prefix().rstrip("/")
    path, _, query = request.get_full_path().partition("?")
    return RequestTarget(
        root_url=f"{request.scheme}://{request.get_host()}{root_path}",
        root_path=root_path,
        path=path,
        query=query,
        host_is_trusted="*" not in settings.ALLOWED_HOSTS,
    )


def guard(request: HttpRequest, requirements: Requirements) -> Granted | Answer:
    """Run the guard for the request, and remember the identity."""
    _check_middleware(request)
    site, known = get_site(), known_identity(request)
    session = request.session.get(SESSION_KEY) if known is None else None
    return _remember(request, site.run(site.guard(request_facts(request), session, requirements, identity=known)))


async def aguard(request: HttpRequest, requirements: Requirements) -> Granted | Answer:
    """Run the guard for the request without blocking the event loop, and remember the identity."""
    _check_middleware(request)
    site, known = get_site(), known_identity(request)
    session = await _aread_session(request) if known is None else None
    flow = site.guard(request_facts(request), session, requirements, identity=known)
    return _remember(request, await site.arun(flow))


def load_identity(request: HttpRequest) -> Identity:
    """Return the identity of the request."""
    identity = known_identity(request)
    if identity is None:
        site = get_site()
        try:
            session = request.session.get(SESSION_KEY)
        except SynchronousOnlyOperation as error:
            raise SynchronousOnlyOperation(
                "request.identity reads the session, which async code must await: use await request.aidentity()"
            ) from error
        identity = site.run(site.identify(request_facts(request), session))
        setattr(request, _IDENTITY, identity)
    return identity


async def aload_identity(request: HttpRequest) -> Identity:
    """Return the identity of the request without blocking the event loop."""
    identity = known_identity(request)
    if identity is None:
        site = get_site()
        identity = await site.arun(site.identify(request_facts(request), await _aread_session(request)))
        setattr(request, _IDENTITY, identity)
    return identity


def known_identity(request: HttpRequest) -> Identity | None:
    """Return the identity if it was used already."""
    return cast("Identity | None", getattr(request, _IDENTITY, None))


def _check_middleware(request: HttpRequest) -> None:
    if not hasattr(request, "identity"):
        warn_without_middleware()


def _remember(request: HttpRequest, outcome: Granted | Answer) -> Granted | Answer:
    if isinstance(outcome, Granted):
        setattr(request, _IDENTITY, outcome.identity)
    return outcome


async def _aread_session(request: HttpRequest) -> Any:
    session = request.session
    if _has_own_async_methods(type(session)):
        return await session.aget(SESSION_KEY)
    return await sync_to_async(session.get)(SESSION_KEY)


@cache
def _has_own_async_methods(kind: type) -> bool:
    """Whether the async methods of a session do what the sync ones do.

    A backend that is derived from one of Django's may override ``load`` only, for example to refuse revoked sessions.
    The async methods that it inherits do not call that.
    """
    pairs = (("load", "aload"), ("get", "aget"), ("_get_session", "_aget_session"))
    return all(_depth(kind, async_name) <= _depth(kind, name) for name, async_name in pairs)


def _depth(kind: type, name: str) -> int:
    return next((depth for depth, base in enumerate(kind.__mro__) if name in vars(base)), len(kind.__mro__))
