"""The decorators that guard views."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.views import View as ClassBasedView

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
from webidentity_django._request import aguard, guard
from webidentity_django._responses import keep_private, respond

View = TypeVar("View", bound=Callable[..., Any])


@written_as(TOKEN_USAGE)
def require_token(*, scopes: Sequence[str]) -> Callable[[View], View]:
    """Call a view only with a token of its user for these scopes.

    The view receives ``credential``, ``identity`` and ``token`` if it names them. An ``async def`` view receives the
    async credential. For class-based views: ``require_token(...)(MyView.as_view())``, or ``method_decorator``.

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
    """Call a view only for a signed-in user, or for a client with a valid bearer token."""
    return _guarded(view, Requirements())


def is_coroutine_view(view: Callable[..., Any]) -> bool:
    """Return whether Django awaits the view: a coroutine function, or a function that is marked as one."""
    dispatcher = dispatched_by(view)
    if isinstance(dispatcher, ClassBasedView):
        # View.dispatch is not a coroutine function, but returns the coroutine of the class's methods.
        return bool(dispatcher.view_is_async)
    # On Python 3.11 only asgiref recognizes the mark that Django sets on class-based views.
    return iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]


def _guarded(view: View, requirements: Requirements) -> View:
    if inspect.isclass(view):
        raise _misplaced(view, requirements)

    # A class-based view has a handler for each method of HTTP.
    is_class_based = hasattr(view, "view_class") or dispatched_by(view) is not None
    fixed = None if is_class_based else _handler(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _check_request(request, requirements)
        outcome = guard(request, requirements)
        if isinstance(outcome, Answer):
            return respond(request, outcome)
        handler = fixed or _handler(handler_of(view, request.method or "GET"))
        kwargs = outcome.arguments(handler, kwargs)
        try:
            return keep_private(request, view(request, *args, **kwargs))
        except TypeError as error:
            explain_parameters(error, handler.function)
            raise

    @wraps(view)
    async def aanswer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _check_request(request, requirements)
        outcome = await aguard(request, requirements)
        if isinstance(outcome, Answer):
            return await sync_to_async(respond)(request, outcome)
        handler = fixed or _handler(handler_of(view, request.method or "GET"))
        kwargs = outcome.arguments(handler, kwargs)
        try:
            return keep_private(request, await view(request, *args, **kwargs))
        except TypeError as error:
            explain_parameters(error, handler.function)
            raise

    guarded = aanswer if is_coroutine_view(view) else answer
    # The guard makes its own check: LoginRequiredMiddleware would ask for a user of django.contrib.auth too.
    # Ignored by the type checkers: no type says that the wrapper is called as the view is.
    return login_not_required(guarded)  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def _handler(function: Callable[..., Any]) -> Handler:
    return Handler(function, is_async=is_coroutine_view(function))


def _check_request(request: object, requirements: Requirements) -> None:
    """Check that the guard was called with a request, and not as a method of a class-based view, with the view."""
    # Not isinstance: requests of Django REST framework are wrappers.
    if not hasattr(request, "META"):
        raise _misplaced(type(request), requirements)


def _misplaced(view_class: type, requirements: Requirements) -> TypeError:
    guard = requirements.written
    return TypeError(
        f"{guard.partition('(')[0]}: guard the view: {guard}({view_class.__name__}.as_view()), or "
        f'@method_decorator({guard}, name="dispatch")'
    )
