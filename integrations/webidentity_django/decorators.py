"""Guards of views."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from azure.core.credentials import AccessToken
from django.http import HttpRequest

from webidentity.web import (
    Answer,
    Identity,
    arguments_for,
    handler_of,
    parameters_named_by,
    require_scopes_of_guard,
)
from webidentity_django.conf import get_site
from webidentity_django.coroutines import is_coroutine_view
from webidentity_django.facts import request_facts
from webidentity_django.identity import aload_identity, load_identity
from webidentity_django.responses import keep_private, respond

View = TypeVar("View", bound=Callable[..., Any])
Outcome = Answer | AccessToken | None


def require_token(*, scopes: Sequence[str]) -> Callable[[View], View]:
    """Let a view be called only with a token of its user for these scopes.

    The view is given ``credential``, ``identity`` and ``token`` where it names them; an ``async def`` view the async
    credential. For class-based views: ``require_token(...)(MyView.as_view())``, or ``method_decorator``.

    :param scopes: scopes of one resource, for example ``["https://storage.azure.com/user_impersonation"]``.
    :raises ValueError: no scope was given.
    """
    wanted = require_scopes_of_guard(scopes)

    def decorate(view: View) -> View:
        if is_coroutine_view(view):
            return _aguarded(view, wanted)
        return _guarded(view, wanted)

    return decorate


def require_sign_in(view: View) -> View:
    """Let a view be called only for a signed-in user, or for a caller with a valid bearer token."""
    return _aguarded(view, None) if is_coroutine_view(view) else _guarded(view, None)


def _guarded(view: View, scopes: tuple[str, ...] | None) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        identity, site, facts = load_identity(request), get_site(), request_facts(request)
        if scopes is None:
            outcome: Outcome = site.require_sign_in(facts, identity)
        else:
            outcome = site.run(site.require_token(facts, identity, scopes))
        if isinstance(outcome, Answer):
            return respond(request, outcome)
        return keep_private(request, view(request, *args, **{**_given(view, request, identity, outcome), **kwargs}))

    return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # same calls, same name


def _aguarded(view: View, scopes: tuple[str, ...] | None) -> View:
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        identity, site, facts = await aload_identity(request), get_site(), request_facts(request)
        if scopes is None:
            outcome: Outcome = site.require_sign_in(facts, identity)
        else:
            outcome = await site.arun(site.require_token(facts, identity, scopes))
        if isinstance(outcome, Answer):
            return await sync_to_async(respond)(request, outcome)
        response = await view(request, *args, **{**_given(view, request, identity, outcome), **kwargs})
        return keep_private(request, response)

    return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # same calls, same name


def _given(
    view: Callable[..., Any], request: HttpRequest, identity: Identity, token: AccessToken | None
) -> dict[str, Any]:
    handler = handler_of(view, request.method or "GET")
    return arguments_for(parameters_named_by(handler), identity, token, is_async=is_coroutine_view(handler))
