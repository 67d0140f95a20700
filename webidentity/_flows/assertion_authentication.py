"""The proof that a callable returns: an assertion made by somebody else."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._protocol.effects import Call, Flow


@dataclass(frozen=True)
class AssertionAuthentication(ClientAuthentication):
    """A callable that returns an assertion made by somebody else; it is called for each token request.

    :param func: may return an awaitable where an event loop runs the flow.
    """

    func: Callable[[], object] = field(repr=False)
    _identity: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not callable(self.func):
            raise TypeError("the client assertion should be a callable, which returns a new one for each token request")
        object.__setattr__(self, "_identity", _identity_of(self.func))

    @property
    def fingerprint(self) -> str:
        """The identity of the callable in this process: what it returns changes."""
        return self._identity

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the callable knows
        """Return what the callable returns."""
        return assertion_fields((yield Call(self.func)))


_IDENTITIES: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()


def _identity_of(func: Callable[..., Any]) -> str:
    """Return a random name that the callable keeps for its life; bound methods are known by object and function."""
    owner, part = getattr(func, "__self__", func), getattr(func, "__func__", None)
    try:
        return _IDENTITIES.setdefault(owner, {}).setdefault(part, secrets.token_hex(16))
    except TypeError:
        # Neither hashable nor weakly referable, so nobody can hold on to it: it shares with nobody.
        return secrets.token_hex(16)
