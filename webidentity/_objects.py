"""Objects that an application passes: a wrong one is reported where it is passed, and not by a request much later.

Only the methods are checked, because an object need not inherit from a class of this package.
"""

from typing import Any


def check_object(name: str, given: Any, methods: tuple[str, ...], expected: str) -> None:
    """Check that an argument is an object with these methods.

    :param name: the name of the argument.
    :param expected: what to pass, for the message.
    :raises TypeError: it is something else, or a class.
    """
    if isinstance(given, type) or not all(callable(getattr(given, method, None)) for method in methods):
        raise TypeError(f"{name}: pass {expected}, not {_kind(given)}")


def check_transport(given: Any) -> None:
    """Check that the argument ``transport`` is a transport, if there is one.

    :raises TypeError: it is not, such as the local tenant or its method without parentheses.
    """
    if given is None:
        return
    expected = "an azure-core transport, an object with a method send"
    method = getattr(given, "__name__", "")
    if method in {"transport", "aio_transport"}:
        expected = f"{method}(), with parentheses"
    elif hasattr(given, "aio_transport"):
        expected = "local_tenant.transport(), or local_tenant.aio_transport() for asyncio"
    check_object("transport", given, ("send",), expected)


def _kind(given: Any) -> str:
    return f"the class {given.__name__}" if isinstance(given, type) else f"an object of the type {type(given).__name__}"
