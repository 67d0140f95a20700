"""Whether Django will await a view."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction


def is_coroutine_view(view: Callable[..., Any]) -> bool:
    """Return whether Django treats the view as a coroutine function, also one that was only marked as such."""
    # On Python 3.11 only asgiref knows the mark that Django sets on class-based views.
    return iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]
