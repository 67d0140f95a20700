"""The current request's site and identity."""

from typing import cast

from flask import current_app, request, session
from werkzeug.local import LocalProxy

from webidentity.web import SESSION_KEY, Identity, Site
from webidentity_flask.facts import request_facts

_ATTRIBUTE = "_webidentity_identity"


def current_site() -> Site:
    """Return the site of the current application.

    :raises RuntimeError: the extension was not set up.
    """
    site = current_app.extensions.get("webidentity")
    if not isinstance(site, Site):
        raise RuntimeError("webidentity is not set up for this application: call WebIdentity(app)")
    return site


def load_identity() -> Identity:
    """Return the identity of the current request, found out at its first use."""
    identity = known_identity()
    if identity is None:
        site = current_site()
        identity = site.run(site.identify(request_facts(), session.get(SESSION_KEY)))
        # On the request and not on g, which all requests share that are made within one application context.
        setattr(request, _ATTRIBUTE, identity)
    return identity


def known_identity() -> Identity | None:
    """Return the identity if somebody has asked for it already."""
    return cast("Identity | None", getattr(request, _ATTRIBUTE, None))


#: The identity of the current request: ``.record``, ``.claims``, ``.credential``, ``.aio_credential``.
current_identity: Identity = cast("Identity", LocalProxy(load_identity))
