"""A chain: credentials that are tried in order until one provides a token."""

import inspect
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import Token
from functools import partial
from typing import Any, NamedTuple

from azure.core.exceptions import AzureError, ClientAuthenticationError

from webidentity._flows.token_call import IN_CHAIN, TokenCall
from webidentity._protocol.effects import Call, Flow
from webidentity._protocol.token_request import require_scopes, require_texts
from webidentity.cache._flights import Flights
from webidentity.errors import ChainError, CredentialUnavailableError

_LOGGER = logging.getLogger(__name__)

Attempt = tuple[str, Exception]


class Member(NamedTuple):
    """A credential and its place in a chain.

    :param name: its name in error messages.
    :param failures_are_skipped: whether the chain continues after any authentication failure of it.
    :param is_probed: whether :data:`IN_CHAIN` is set during the call, so that it gives up early.
    """

    name: str
    credential: Any
    failures_are_skipped: bool = False
    is_probed: bool = True


class Chain:
    """Tries its members in order, and stops at the first that provides a token or fails.

    The chain continues after a CredentialUnavailableError, ours or azure-identity's, and after any authentication
    failure of a member with ``failures_are_skipped``.

    :param owner: the name of the public class, for messages.
    :param advice: returns what the user should do, given the member that stopped the chain, or None if all members were
        unavailable.
    :param is_async: whether the members' methods are awaited.
    :param pins: whether the first member that provides a token is used exclusively from then on.
    """

    def __init__(
        self,
        owner: str,
        members: Sequence[Member],
        advice: Callable[[Member | None], str],
        *,
        is_async: bool,
        pins: bool = False,
    ) -> None:
        self.members = tuple(members)
        #: The credential that last provided a token.
        self.selected: Any = None
        #: The credential that is used exclusively from now on.
        self.pinned: Any = None
        self._owner = owner
        self._advice = advice
        self._is_async = is_async
        self._pins = pins
        self._flights = Flights()

    def __getstate__(self) -> dict[str, object]:
        """Pickle without the selected credential: in another environment, a different one may succeed."""
        return {**self.__dict__, "selected": None, "pinned": None, "_flights": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore."""
        self.__dict__.update(state)
        self._flights = Flights()

    def token(self, call: TokenCall) -> Flow[Any]:
        """Return the flow that answers the call.

        :raises ChainError: no member provided a token, or one failed.
        :raises ValueError: no scope was given.
        """
        require_scopes(call.scopes, call.method)
        require_texts(call.keywords.get("claims"), call.keywords.get("tenant_id"))
        return self._pinning(call) if self._pins else self._search(call)

    def _pinning(self, call: TokenCall) -> Flow[Any]:
        """Run the search once for concurrent equal calls, and use the credential that it found."""
        token = yield from self._flights.once(call.key, lambda: self.pinned is not None, lambda: self._search(call))
        if token is not None:
            return token
        return (yield from self._invoke(self.pinned, call))

    def _search(self, call: TokenCall) -> Flow[Any]:
        attempts: list[Attempt] = []
        stopped: Member | None = None
        for member in self.members:
            try:
                token = yield from self._invoke_in_chain(member, call)
            except Exception as error:  # noqa: BLE001 - any error of a credential ends its attempt
                attempts.append((member.name, error))
                _LOGGER.debug("%s: %s provided no token (%s)", self._owner, member.name, type(error).__name__)
                if not _is_skipped(member, error):
                    stopped = member
                    break
            else:
                self._select(member)
                return token
        raise self._failure(attempts, stopped) from (attempts[-1][1] if stopped else None)

    def _invoke_in_chain(self, member: Member, call: TokenCall) -> Flow[Any]:
        if not member.is_probed:
            return (yield from self._invoke(member.credential, call))
        # The drivers perform the effect in the current context, that of the thread or task.
        before = IN_CHAIN.set(True)
        try:
            return (yield from self._invoke(member.credential, call))
        finally:
            _end(before)

    def _invoke(self, credential: Any, call: TokenCall) -> Flow[Any]:
        token = yield Call(partial(_outcome, credential, call, is_async=self._is_async))
        return call.read(credential, token)

    def _select(self, member: Member) -> None:
        level = logging.DEBUG if self.selected is member.credential else logging.INFO
        _LOGGER.log(level, "%s acquired a token from %s", self._owner, member.name)
        self.selected = member.credential
        if self._pins and self.pinned is None:
            self.pinned = member.credential

    def _failure(self, attempts: Sequence[Attempt], stopped: Member | None) -> ChainError:
        lines = "".join(f"\n\t{name}: {message_of(error)}" for name, error in attempts)
        return ChainError(
            f"{self._owner} failed to retrieve a token from the included credentials.\n"
            f"Attempted credentials:{lines}\n{self._advice(stopped)}",
            attempts=attempts,
        )

    def enter(self, enter: str, leave: str) -> Flow[None]:
        """Enter the members that are context managers. If one fails, leave those that were entered already."""
        entered: list[Any] = []
        try:
            for credential in self._distinct():
                if hasattr(credential, enter):
                    yield Call(getattr(credential, enter))
                    entered.append(credential)
        except Exception:
            yield from _close(entered, (leave,), (None, None, None))
            raise

    def leave(self, leave: str, *details: Any) -> Flow[None]:
        """Leave all members that are context managers, then raise the first error."""
        return _close(self._distinct(), (leave,), details)

    def close(self, leave: str) -> Flow[None]:
        """Close all members, leaving those without ``close``, then raise the first error."""
        return _close(self._distinct(), ("close", leave), (None, None, None))

    def _distinct(self) -> list[Any]:
        """Return the credentials without duplicates."""
        return list({id(member.credential): member.credential for member in self.members}.values())


def _end(before: Token[bool]) -> None:
    """Reset IN_CHAIN."""
    try:
        IN_CHAIN.reset(before)
    except ValueError:  # an abandoned coroutine is closed in a different context, where IN_CHAIN was not set
        return


def message_of(error: Exception) -> str:
    """Return the message on one line, without the response body that azure-core appends."""
    text = str(error.message) if isinstance(error, AzureError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _is_skipped(member: Member, error: Exception) -> bool:
    if member.failures_are_skipped and isinstance(error, ClientAuthenticationError):
        return True
    return isinstance(error, (CredentialUnavailableError, *_foreign_unavailable()))


def _foreign_unavailable() -> Iterable[type[Exception]]:
    """Return azure-identity's CredentialUnavailableError if azure-identity has been imported."""
    found = getattr(sys.modules.get("azure.identity"), "CredentialUnavailableError", None)
    return () if found is None else (found,)


def _outcome(credential: Any, call: TokenCall, *, is_async: bool) -> Any:
    outcome = call.invoke(credential)
    if inspect.isawaitable(outcome) is is_async:
        return outcome
    if inspect.iscoroutine(outcome):
        outcome.close()
    if is_async:
        raise TypeError("this is a sync credential in an async chain: import its class from webidentity.aio")
    raise TypeError("this is an async credential in a sync chain: import its class from webidentity, not .aio")


def _close(credentials: Iterable[Any], names: Sequence[str], details: tuple[Any, ...]) -> Flow[None]:
    failure: Exception | None = None
    for credential in credentials:
        name = next((each for each in names if hasattr(credential, each)), None)
        if name is None:
            continue
        method = getattr(credential, name)
        try:
            yield Call(method if name == "close" else partial(method, *details))
        except Exception as error:  # noqa: BLE001 - the others are still closed
            failure = failure or error
    if failure is not None:
        raise failure
