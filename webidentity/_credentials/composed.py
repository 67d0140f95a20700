"""Credentials that are made of other credentials."""

from importlib import import_module
from typing import Any, ClassVar

from webidentity._credentials.constructor import Constructor


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
