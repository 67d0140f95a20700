"""The decorators that guard views."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Request, current_app

from webidentity.web import (
    SIGN_IN_USAGE,
    TOKEN_USAGE,
    Answer,
    Handler,
    Requirements,
    dispatched_by,
    explain_parameters,
    handler_of,
    written_as,
)
from webidentity_flask._blueprint import BLUEPRINT
from webidentity_flask._request import current_request, guard
from webidentity_flask._responses import respond

View = TypeVar("View", bound=Callable[..., Any])

#: Set on the unguarded view, to detect that it was registered as a route instead of the guarded one.
GUARDED_ELSEWHERE = "_webidentity_guarded_elsewhere"


@written_as(TOKEN_USAGE)
def require_token(*, scopes: Sequence[str]) -> Callable[[View], View]:
    """Call a view only with a token of its user for these scopes.

    The view receives ``credential``, ``identity`` and ``token`` if it names them. An ``async def`` view receives the
    async credential. Write it below the route: first ``@app.get("/files")``, then ``@require_token(...)``.

    :param scopes: scopes of one resource, for example ``["https://storage.azure.com/user_impersonation"]``.
    :raises ValueError: ``scopes`` is empty, or a string; or the scopes belong to different resources.
    """
    requirements = Requirements.of_token(scopes)

    @written_as(TOKEN_USAGE)
    def require_token(view: View) -> View:
        return _guarded(view, requirements)

    return require_token


@written_as(SIGN_IN_USAGE)
def require_sign_in(view: View) -> View:
    """Call a view only for a signed-in user, or for a client with a valid bearer token.

    Write it below the route: first ``@app.get("/profile")``, then ``@require_sign_in``. To protect all pages:
    ``app.before_request(require_sign_in(lambda: None))``. The routes of the sign-in stay open.
    """
    return _guarded(view, Requirements())


def _guarded(view: View, requirements: Requirements) -> View:
    if inspect.isclass(view):
        written = requirements.written
        raise TypeError(
            f"{written.partition('(')[0]}: guard the view: write decorators = [{written}] into the class "
            f"{view.__name__}"
        )

    is_coroutine = inspect.iscoroutinefunction(view)
    # A class-based view has a handler for each method of HTTP.
    fixed = None if _may_be_class_based(view) else _handler(view)

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        current = current_request()
        # A guard for all requests (app.before_request) must not send the user from the sign-in to the sign-in.
        if current.blueprint == BLUEPRINT:
            return None
        outcome = guard(current, requirements)
        if isinstance(outcome, Answer):
            return respond(outcome)
        handler = fixed or _handler(_function_of(view, current))
        kwargs = outcome.arguments(handler, kwargs)
        try:
            return current_app.ensure_sync(view)(*args, **kwargs) if is_coroutine else view(*args, **kwargs)
        except TypeError as error:
            explain_parameters(error, handler.function)
            raise

    # wraps() has copied the mark if the function was guarded before.
    answer.__dict__.pop(GUARDED_ELSEWHERE, None)
    unguarded: Any = view
    while unguarded is not None:
        # A bound method has no attributes of its own.
        with suppress(AttributeError):
            setattr(unguarded, GUARDED_ELSEWHERE, True)
        unguarded = getattr(unguarded, "__wrapped__", None)
    # Ignored by the type checkers: no type says that the wrapper is called as the view is.
    return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def _handler(function: Callable[..., Any]) -> Handler:
    # Unwrapped: it may be wrapped by another guard, which is not a coroutine function itself.
    return Handler(function, is_async=inspect.iscoroutinefunction(inspect.unwrap(function)))


def _function_of(view: Callable[..., Any], current: Request) -> Callable[..., Any]:
    """Return the function that answers, also if the guard is one of the ``decorators`` of a class-based view."""
    function = handler_of(view, current.method)
    registered = current_app.view_functions.get(current.endpoint or "")
    if function is view and hasattr(registered, "view_class"):
        return handler_of(cast("Callable[..., Any]", registered), current.method)
    return function


def _may_be_class_based(view: Callable[..., Any]) -> bool:
    """Whether the view may be that of a class, or one of its ``decorators`` may be the guard.

    Flask sets ``view_class`` on the outermost function only, after all decorators have been applied. A function without
    ``**kwargs`` cannot be that of a class-based view: it is called before each request.
    """
    if hasattr(view, "view_class") or dispatched_by(view) is not None:
        return True
    try:
        parameters = inspect.signature(view).parameters.values()
    except (TypeError, ValueError):
        return False
    return not _handler(view).names and any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
