"""The identity of a request, found out at its first use."""

from typing import cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from webidentity.web import SESSION_KEY, Identity
from webidentity_django.conf import get_site
from webidentity_django.facts import request_facts

_ATTRIBUTE = "_webidentity_identity"


def load_identity(request: HttpRequest) -> Identity:
    """Return the identity of the request."""
    identity = known_identity(request)
    if identity is None:
        site = get_site()
        identity = site.run(site.identify(request_facts(request), request.session.get(SESSION_KEY)))
        setattr(request, _ATTRIBUTE, identity)
    return identity


async def aload_identity(request: HttpRequest) -> Identity:
    """Return the identity of the request, without blocking the event loop."""
    identity = known_identity(request)
    if identity is None:
        site = get_site()
        # Whatever backend the session has: reading it may be a query.
        session = await sync_to_async(request.session.get)(SESSION_KEY)
        identity = await site.arun(site.identify(request_facts(request), session))
        setattr(request, _ATTRIBUTE, identity)
    return identity


def known_identity(request: HttpRequest) -> Identity | None:
    """Return the identity if somebody has asked for it already."""
    return cast("Identity | None", getattr(request, _ATTRIBUTE, None))
