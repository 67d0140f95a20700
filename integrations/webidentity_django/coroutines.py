"""Whether Django will await a view."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.views import View

from webidentity.web import dispatched_by


def is_coroutine_view(view: Callable[..., Any]) -> bool:
    """Return whether Django treats the view as a coroutine function, also one that was only marked as such."""
    dispatcher = dispatched_by(view)
    if isinstance(dispatcher, View):
        # View.dispatch is no coroutine function, but returns what the class's coroutine functions return.
        return bool(dispatcher.view_is_async)
    # On Python 3.11 only asgiref knows the mark that Django sets on class-based views.
    return iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]
