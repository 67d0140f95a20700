"""The constructor that the sync and the async class of a credential share."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from webidentity._flows.token_source import TokenSource
from webidentity._objects import check_transport


class Constructor:
    """Base of the constructors.

    A constructor has the documentation and the ``__init__`` of a credential. It is the first base of the sync class and
    of the async class, so that editors, ``help()`` and ``inspect.signature`` show the same for both.

    :keyword of: the name of the two public classes. The TypeError of a call with missing or unknown arguments shows it.
    """

    #: The class with the constructor and the name of the public classes, also in subclasses of an application.
    _constructor: ClassVar[tuple[type, str]]

    def __init_subclass__(cls, *, of: str = "", **kwargs: Any) -> None:
        """Name ``__init__`` after the public class."""
        super().__init_subclass__(**kwargs)
        if of:
            vars(cls)["__init__"].__qualname__ = f"{of}.__init__"
            cls._constructor = cls, of

    def _check_keywords(self, keywords: Mapping[str, Any]) -> None:
        """Check the keywords that are passed on to azure-core.

        :raises TypeError: one of them is a misspelled parameter.
        """
        if keywords:
            from webidentity._credentials.keywords import check_keywords

            check_keywords(*self._constructor, keywords)


class GrantConstructor(Constructor):
    """Base of the constructors of credentials that send requests themselves."""

    def _set_up(self, token_source: TokenSource, **kwargs: Any) -> None:
        """Set the token source and the pipeline; implemented by ``Credential`` and ``AsyncCredential``."""
        raise NotImplementedError("the class needs Credential or AsyncCredential as a second base")


def pipeline_options(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments that azure-core's pipeline is built with.

    :raises TypeError: the transport is not one.
    """
    options = dict(keywords)
    check_transport(options.get("transport"))
    # azure-identity's keywords that have no effect here: no discovery request is sent, and no personal data is logged.
    options.pop("disable_instance_discovery", None)
    options.pop("enable_support_logging", None)
    return options


class ComposedConstructor(Constructor):
    """Base of the constructors that choose other credential classes at run time, sync or async ones like itself."""

    #: Whether the other credentials come from ``webidentity.aio``.
    _is_async: ClassVar[bool] = False

    def _class_named(self, name: str) -> Any:
        """Return a public credential class, imported only now."""
        return getattr(import_module("webidentity.aio" if self._is_async else "webidentity"), name)

    def _unavailable(self, name: str, reason: str) -> Any:
        """Return a substitute for a credential that cannot be used; it raises the reason."""
        module = "webidentity.aio._unavailable" if self._is_async else "webidentity._credentials.unavailable"
        return import_module(module).UnavailableCredential(name, reason)
