"""The parameters that a view receives because it names them."""

import inspect
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

#: The parameters that guards provide.
PROVIDED = frozenset({"credential", "identity", "token"})
_KNOWN: WeakKeyDictionary[Callable[..., Any], frozenset[str]] = WeakKeyDictionary()


def parameters_named_by(view: Callable[..., Any]) -> frozenset[str]:
    """Return which of credential, identity and token the view names."""
    # A function keeps its signature; a bound method or a partial may be a new object for each request.
    known = _KNOWN.get(view) if inspect.isfunction(view) else None
    if known is None:
        known = _parameters_named_by(view)
        if inspect.isfunction(view):
            _KNOWN[view] = known
    return known


def _parameters_named_by(view: Callable[..., Any]) -> frozenset[str]:
    try:
        parameters = inspect.signature(view).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY}
    return PROVIDED & {parameter.name for parameter in parameters if parameter.kind not in variable}


def handler_of(view: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Return the function that answers: for a class-based view, the method of the class for this HTTP method."""
    view_class = getattr(view, "view_class", None) or dispatched_by(view)
    names = ("head", "get") if method == "HEAD" else (method.lower(),)
    handlers = (getattr(view_class, name, None) for name in names)
    return next((handler for handler in handlers if callable(handler)), view)


def dispatched_by(view: Callable[..., Any]) -> object | None:
    """Return the object whose ``dispatch`` method the view is, None if it is another function.

    Django's ``method_decorator`` passes such a bound method, wrapped in a partial, to the decorator.
    """
    bound = getattr(view, "func", view)
    return getattr(bound, "__self__", None) if getattr(bound, "__name__", "") == "dispatch" else None
