"""The constructor of ChainedTokenCredential."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from webidentity._flows.chain import Chain, Member
from webidentity.arguments.classes import AIO

P = TypeVar("P")


class ChainOwner(Generic[P]):
    """Base of the classes that are chains. The sync or async class says from which package its members are."""

    #: Of the classes that a chain makes itself.
    _package: ClassVar[str]
    _chain: Chain

    def _set_up_chain(
        self, members: Sequence[Member], advice: Callable[[Member | None], str], *, pins: bool = False
    ) -> None:
        if not members:
            raise ValueError("at least one credential is required")
        owner = type(self).__name__
        self._chain = Chain(owner, members, advice, is_async=self._package == AIO, pins=pins)

    @property
    def credentials(self) -> tuple[P, ...]:
        """The credentials, in the order in which they are asked."""
        return tuple(member.credential for member in self._chain.members)

    @property
    def selected(self) -> P | None:
        """The credential that last provided a token; None before the first one."""
        selected: P | None = self._chain.selected
        return selected


class ChainedArguments(ChainOwner[P]):
    """A sequence of credentials that is itself a credential.

    They are asked in order, at each call anew, until one provides a token; :attr:`selected` is that one. Only a
    :class:`~webidentity.CredentialUnavailableError`, of this package or of azure-identity, lets the next one have its
    turn. Any other error ends the search: who is configured and refused should not be replaced by somebody else.

    :param credentials: credential instances to form the chain; with ``get_token``, ``get_token_info`` or both.
    :raises ValueError: there is none.
    """

    def __init__(self, *credentials: P) -> None:
        members = [Member(_name(credential), credential) for credential in credentials]
        self._set_up_chain(members, _advice)


def _name(credential: Any) -> str:
    return str(getattr(credential, "unavailable_name", None) or type(credential).__name__)


def _advice(stopped: Member | None) -> str:
    if stopped is None:
        return "None of them found what it needs here: set up one of them, or add one that can be used here."
    rule = "only a CredentialUnavailableError lets the next one have its turn."
    return f"The failure of {stopped.name} ended the search: {rule}"
