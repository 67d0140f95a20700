"""Client authentication with an assertion that a callable returns."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._protocol.effects import Call, Flow


@dataclass(frozen=True)
class AssertionAuthentication(ClientAuthentication):
    """Sends the assertion that a callable returns. It is called for each token request.

    :param func: with async credentials, it may return an awaitable.
    """

    func: Callable[[], object] = field(repr=False)
    _identity: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not callable(self.func):
            raise TypeError("the client assertion should be a callable, which returns a new one for each token request")
        object.__setattr__(self, "_identity", _identity_of(self.func))

    @property
    def fingerprint(self) -> str:
        """The identity of the callable in this process, because its results change."""
        return self._identity

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed by the callable
        """Return the form fields with a new assertion from the callable."""
        return assertion_fields((yield Call(self.func)))


_IDENTITIES: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()


def _identity_of(func: Callable[..., Any]) -> str:
    """Return a random, stable name for the callable. Bound methods are identified by object and function."""
    owner, part = getattr(func, "__self__", func), getattr(func, "__func__", None)
    try:
        return _IDENTITIES.setdefault(owner, {}).setdefault(part, secrets.token_hex(16))
    except TypeError:
        # Neither hashable nor weakly referable: its tokens are not shared.
        return secrets.token_hex(16)
