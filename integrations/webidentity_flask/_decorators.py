"""The decorators that guard views."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, request

from webidentity.web import Answer, Requirements, handler_of, parameters_named_by
from webidentity_flask._request import guard
from webidentity_flask._responses import respond

View = TypeVar("View", bound=Callable[..., Any])

#: Set on the unguarded view, to detect that it was registered as a route instead of the guarded one.
GUARDED_ELSEWHERE = "_webidentity_guarded_elsewhere"


def require_token(*, scopes: Sequence[str]) -> Callable[[View], View]:
    """Call a view only with a token of its user for these scopes.

    The view receives ``credential``, ``identity`` and ``token`` if it names them. An ``async def`` view receives the
    async credential. Write it below the route: first ``@app.get("/files")``, then ``@require_token(...)``.

    :param scopes: scopes of one resource, for example ``["https://storage.azure.com/user_impersonation"]``.
    :raises ValueError: ``scopes`` is empty, or a string.
    """
    requirements = Requirements(scopes)
    return lambda view: _guarded(view, requirements)


def require_sign_in(view: View) -> View:
    """Call a view only for a signed-in user, or for a client with a valid bearer token.

    Write it below the route: first ``@app.get("/profile")``, then ``@require_sign_in``.
    """
    return _guarded(view, Requirements())


def _guarded(view: View, requirements: Requirements) -> View:
    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        outcome = guard(requirements)
        if isinstance(outcome, Answer):
            return respond(outcome)
        handler = _handler(view)
        # Unwrapped: the handler may be wrapped by another guard, which is not a coroutine function itself.
        is_async = inspect.iscoroutinefunction(inspect.unwrap(handler))
        given = outcome.arguments(handler, is_async=is_async)
        return current_app.ensure_sync(view)(*args, **{**given, **kwargs})

    # wraps() has copied the mark if the function was guarded before.
    answer.__dict__.pop(GUARDED_ELSEWHERE, None)
    unguarded: Any = view
    while unguarded is not None:
        # A bound method has no attributes of its own.
        with suppress(AttributeError):
            setattr(unguarded, GUARDED_ELSEWHERE, True)
        unguarded = getattr(unguarded, "__wrapped__", None)
    return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # same calls, same name


def _handler(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that answers, also if the guard is one of the ``decorators`` of a class-based view."""
    handler = handler_of(view, request.method)
    # Flask sets view_class on the outermost function only, after all decorators have been applied.
    registered = current_app.view_functions.get(request.endpoint or "")
    if handler is view and registered is not None and not parameters_named_by(view):
        return handler_of(registered, request.method) if hasattr(registered, "view_class") else view
    return handler
