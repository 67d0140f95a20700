"""The current request: its facts, its site and its identity."""

from typing import Any, cast
from urllib.parse import quote

from flask import current_app, has_app_context, request, session
from werkzeug.local import LocalProxy

from webidentity.web import SESSION_KEY, Answer, Granted, Identity, RequestFacts, Requirements, Site

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


def request_facts() -> RequestFacts:
    """Return the facts of the current request, collected on first use."""
    facts = cast("RequestFacts | None", getattr(request, _FACTS, None))
    if facts is None:
        facts = _collect()
        setattr(request, _FACTS, facts)
    return facts


def _collect() -> RequestFacts:
    config = cast("dict[str, Any]", current_app.config)
    return RequestFacts(
        method=request.method,
        root_url=request.root_url.rstrip("/"),
        root_path=request.script_root,
        path=quote(request.script_root + request.path, safe="/:@!$&'()*+,;=~"),
        query=request.query_string.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        host_is_trusted=bool(config.get("TRUSTED_HOSTS")),
    )


def guard(requirements: Requirements) -> Granted | Answer:
    """Run the guard for the current request, and remember the identity."""
    site, known = current_site(), known_identity()
    stored = session.get(SESSION_KEY) if known is None else None
    outcome = site.run(site.guard(request_facts(), stored, requirements, identity=known))
    if isinstance(outcome, Granted):
        setattr(request, _IDENTITY, outcome.identity)
    return outcome


def known_identity() -> Identity | None:
    """Return the identity if it was used already."""
    return cast("Identity | None", getattr(request, _IDENTITY, None))


def _load_identity() -> Identity:
    # First: without the extension, the error says so and not that there is no request.
    site = current_site()
    identity = known_identity()
    if identity is None:
        identity = site.run(site.identify(request_facts(), session.get(SESSION_KEY)))
        setattr(request, _IDENTITY, identity)
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
