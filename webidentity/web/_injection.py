"""The parameters that a view receives because it names them."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

#: The parameters that guards provide.
PROVIDED = frozenset({"credential", "identity", "token"})
_KNOWN: WeakKeyDictionary[Callable[..., Any], frozenset[str]] = WeakKeyDictionary()


class Handler:
    """A function that answers requests, and what a guard has to know about it.

    :param function: the function. For a class-based view, the method of the class, see :func:`handler_of`.
    :param is_async: whether it needs the async credential.
    """

    __slots__ = ("function", "is_async", "names")

    def __init__(self, function: Callable[..., Any], *, is_async: bool) -> None:
        self.function: Callable[..., Any] = function
        self.is_async: bool = is_async
        #: Which of credential, identity and token it names.
        self.names: frozenset[str] = parameters_named_by(function)


def parameters_named_by(view: Callable[..., Any]) -> frozenset[str]:
    """Return which of credential, identity and token the view names."""
    # A function keeps its signature. A bound method, or Django's partial of one, may be a new object for each request.
    bare: Any = cast("Any", view).func if _binds_nothing(view) else view
    function = getattr(bare, "__func__", bare)
    known = _KNOWN.get(function) if inspect.isfunction(function) else None
    if known is None:
        known = _parameters_named_by(view)
        if inspect.isfunction(function):
            _KNOWN[function] = known
    return known


def _binds_nothing(view: Any) -> bool:
    return isinstance(view, partial) and not (view.args or view.keywords)


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
