"""The current request: its facts, its site and its identity."""

from functools import partial
from typing import Any, cast
from urllib.parse import quote

from flask import Request, current_app, has_app_context, request, session
from werkzeug.local import LocalProxy

from webidentity.web import (
    SESSION_KEY,
    Answer,
    EnvironHeaders,
    Granted,
    Identity,
    RequestFacts,
    RequestTarget,
    Requirements,
    Site,
)

#: The key of the site in ``app.extensions``.
EXTENSION = "webidentity"
# On the request and not on g: requests that are made within one application context share g.
_FACTS = "_webidentity_facts"
_IDENTITY = "_webidentity_identity"


def current_site() -> Site:
    """Return the site of the current application.

    :raises RuntimeError: the extension is not set up.
    """
    site = current_app.extensions.get(EXTENSION)
    if not isinstance(site, Site):
        raise RuntimeError("webidentity is not set up for this application: call WebIdentity(app)")
    return site


def current_request() -> Request:
    """Return the current request itself: each access to an attribute of Flask's proxy looks it up again.

    :raises RuntimeError: there is no request.
    """
    proxy: Any = request
    return cast("Request", proxy._get_current_object())  # noqa: SLF001 - a documented method of Werkzeug


def request_facts() -> RequestFacts:
    """Return the facts of the current request."""
    return _facts_of(current_request())


def _facts_of(current: Request) -> RequestFacts:
    facts = cast("RequestFacts | None", current.__dict__.get(_FACTS))
    if facts is None:
        facts = RequestFacts(current.method, EnvironHeaders(current.environ), partial(_target, current))
        setattr(current, _FACTS, facts)
    return facts


def _target(current: Request) -> RequestTarget:
    config = cast("dict[str, Any]", current_app.config)
    return RequestTarget(
        root_url=current.root_url.rstrip("/"),
        root_path=current.script_root,
        path=quote(current.script_root + current.path, safe="/:@!$&'()*+,;=~"),
        query=current.query_string.decode("latin-1"),
        host_is_trusted=bool(config.get("TRUSTED_HOSTS")),
    )


def guard(current: Request, requirements: Requirements) -> Granted | Answer:
    """Run the guard for the current request, and remember the identity."""
    site, known = current_site(), identity_of(current)
    stored = session.get(SESSION_KEY) if known is None else None
    outcome = site.run(site.guard(_facts_of(current), stored, requirements, identity=known))
    if isinstance(outcome, Granted):
        setattr(current, _IDENTITY, outcome.identity)
    return outcome


def identity_of(current: Request) -> Identity | None:
    """Return the identity of the request if it was used already."""
    return cast("Identity | None", current.__dict__.get(_IDENTITY))


def _load_identity() -> Identity:
    # First: without the extension, the error says so and not that there is no request.
    site = current_site()
    current = current_request()
    identity = identity_of(current)
    if identity is None:
        identity = site.run(site.identify(_facts_of(current), session.get(SESSION_KEY)))
        setattr(current, _IDENTITY, identity)
    return identity


class _IdentityProxy(LocalProxy[Identity]):
    """A proxy that is false outside a request, as Flask's are, but not because the extension is not set up."""

    __slots__ = ()

    def __bool__(self) -> bool:
        if has_app_context():
            current_site()
        is_true: bool = super().__bool__()
        return is_true


#: The identity of the current request: ``.record``, ``.claims``, ``.credential``, ``.aio_credential``.
current_identity: Identity = cast("Identity", _IdentityProxy(_load_identity))
