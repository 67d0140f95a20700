"""Flask's request, as facts."""

from typing import Any, cast
from urllib.parse import quote

from flask import current_app, request

from webidentity.web import RequestFacts

_ATTRIBUTE = "_webidentity_facts"


def request_facts() -> RequestFacts:
    """Return the facts of the current request, gathered at their first use."""
    facts = cast("RequestFacts | None", getattr(request, _ATTRIBUTE, None))
    if facts is None:
        facts = _gather()
        setattr(request, _ATTRIBUTE, facts)
    return facts


def _gather() -> RequestFacts:
    config = cast("dict[str, Any]", current_app.config)
    return RequestFacts(
        method=request.method,
        root_url=request.root_url.rstrip("/"),
        root_path=request.script_root,
        path=quote(request.script_root + request.path, safe="/:@!$&'()*+,;=~"),
        query=request.query_string.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=request.cookies,
        host_is_trusted=bool(config.get("TRUSTED_HOSTS")),
    )
