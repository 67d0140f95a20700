"""Guards of views."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from azure.core.credentials import AccessToken
from flask import current_app, request

from webidentity.web import (
    Answer,
    Identity,
    arguments_for,
    handler_of,
    parameters_named_by,
    require_scopes_of_guard,
)
from webidentity_flask.facts import request_facts
from webidentity_flask.proxies import current_site, load_identity
from webidentity_flask.responses import respond

View = TypeVar("View", bound=Callable[..., Any])

#: Set on a view that has been guarded, to find out when the unguarded one was registered as a route.
GUARDED_ELSEWHERE = "_webidentity_guarded_elsewhere"


def require_token(*, scopes: Sequence[str]) -> Callable[[View], View]:
    """Let a view be called only with a token of its user for these scopes.

    The view is given ``credential``, ``identity`` and ``token`` where it names them; an ``async def`` view the async
    credential. Put it below the route: ``@app.get("/files")`` first, ``@require_token(...)`` next.

    :param scopes: scopes of one resource, for example ``["https://storage.azure.com/user_impersonation"]``.
    :raises ValueError: no scope was given.
    """
    wanted = require_scopes_of_guard(scopes)

    def guard(identity: Identity) -> Answer | AccessToken:
        site = current_site()
        return site.run(site.require_token(request_facts(), identity, wanted))

    return lambda view: _guarded(view, guard)


def require_sign_in(view: View) -> View:
    """Let a view be called only for a signed-in user, or for a caller with a valid bearer token.

    Put it below the route: ``@app.get("/profile")`` first, ``@require_sign_in`` next.
    """
    return _guarded(view, lambda identity: current_site().require_sign_in(request_facts(), identity))


def _guarded(view: View, guard: Callable[[Identity], Answer | AccessToken | None]) -> View:
    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        identity = load_identity()
        outcome = guard(identity)
        if isinstance(outcome, Answer):
            return respond(outcome)
        handler = _handler(view)
        # Unwrapped: another guard may stand between, which is no coroutine function itself.
        is_async = inspect.iscoroutinefunction(inspect.unwrap(handler))
        given = arguments_for(parameters_named_by(handler), identity, outcome, is_async=is_async)
        return current_app.ensure_sync(view)(*args, **{**given, **kwargs})

    # Copied from a function that was guarded before; this one is guarded here.
    answer.__dict__.pop(GUARDED_ELSEWHERE, None)
    unguarded: Any = view
    while unguarded is not None:
        # A bound method takes no attributes.
        with suppress(AttributeError):
            setattr(unguarded, GUARDED_ELSEWHERE, True)
        unguarded = getattr(unguarded, "__wrapped__", None)
    return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # same calls, same name


def _handler(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that will answer, also when the guard is one of the ``decorators`` of a class-based view."""
    handler = handler_of(view, request.method)
    # Flask notes the class on the outermost function only, when all decorators have been applied.
    registered = current_app.view_functions.get(request.endpoint or "")
    if handler is view and registered is not None and not parameters_named_by(view):
        return handler_of(registered, request.method) if hasattr(registered, "view_class") else view
    return handler
