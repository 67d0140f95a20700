"""Typical mistakes in the code of an application: the errors say what to write."""

import difflib
import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from webidentity.web._injection import PROVIDED

P = ParamSpec("P")
R = TypeVar("R")

#: How the decorators of the adapters are written.
TOKEN_USAGE = '@require_token(scopes=[...]), for example scopes=["https://graph.microsoft.com/User.Read"]'
SIGN_IN_USAGE = "@require_sign_in without parentheses, or @require_token(scopes=[...]) if the view needs a token"

_MISSING = r"(?P<name>\S+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: "


def written_as(usage: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator for views report how it is written if it is called in another way.

    :param usage: how it is written, for the message of the TypeError.
    """

    def mark(decorator: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(decorator)

        @wraps(decorator)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                raise TypeError(f"{decorator.__name__}: write {usage}") from None
            if not callable(bound.arguments.get("view", checked)):
                raise TypeError(f"{decorator.__name__}: write {usage}")
            return decorator(*args, **kwargs)

        return checked

    return mark


def explain_parameters(error: TypeError, view: Callable[..., Any]) -> None:
    """Explain the error of calling a view that has a parameter which nothing provides.

    :param error: what the call raised. The parameters are not checked before, because another decorator of the view may
        provide them.
    :param view: the function that answers, or what wraps it.
    :raises TypeError: the error is of this kind. Raised from it.
    """
    missing = re.match(_MISSING, str(error))
    if missing is None or missing["name"] != getattr(inspect.unwrap(view), "__qualname__", ""):
        return
    names = re.findall(r"'(\w+)'", str(error))
    raise TypeError(" ".join([f"{missing['name']}() cannot be called.", *map(_advice, names)])) from error


def _advice(name: str) -> str:
    if name in PROVIDED:
        return f"Its guard does not provide {name!r}: @require_token(scopes=[...]) provides it."
    close = difflib.get_close_matches(name, PROVIDED, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return f"Neither a guard nor the route provides {name!r}.{meant} Guards provide {', '.join(sorted(PROVIDED))}."
