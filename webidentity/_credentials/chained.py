"""ChainedTokenCredential."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenProvider, TokenRequestOptions

from webidentity._credentials.constructor import ComposedConstructor
from webidentity._flows.chain import Chain, Member
from webidentity._flows.token_call import TokenCall
from webidentity._objects import check_object
from webidentity._transport.driver import send_nothing
from webidentity._transport.traceless_driver import TracelessDriver

P = TypeVar("P")

_DRIVER = TracelessDriver(send_nothing)


class ChainConstructor(ComposedConstructor, Generic[P]):
    """Base of the constructors of credentials that try others in order."""

    _chain: Chain

    def _set_up_chain(
        self, members: Sequence[Member], advice: Callable[[Member | None], str], *, pins: bool = False
    ) -> None:
        if not members:
            raise ValueError("at least one credential is required")
        self._chain = Chain(type(self).__name__, members, advice, is_async=self._is_async, pins=pins)

    @property
    def credentials(self) -> tuple[P, ...]:
        """The credentials, in the order in which they are tried."""
        return tuple(member.credential for member in self._chain.members)

    @property
    def selected(self) -> P | None:
        """The credential that last provided a token; None before the first token."""
        selected: P | None = self._chain.selected
        return selected


class ChainedTokenConstructor(ChainConstructor[P], of="ChainedTokenCredential"):
    """Tries a sequence of credentials in order, and returns the first token.

    Each call starts again with the first credential; :attr:`selected` is the one that provided the last token. The
    next credential is tried only after a :class:`~webidentity.CredentialUnavailableError`, of this package or of
    azure-identity. Any other error ends the call: a credential that is configured and refused must not silently be
    replaced by a different identity.

    :param credentials: the credential instances, each with ``get_token`` or ``get_token_info`` or both.
    :raises ValueError: no credential was passed.
    :raises TypeError: one of them is not a credential, but for example a list of credentials, or a class.
    """

    def __init__(self, *credentials: P) -> None:
        for credential in credentials:
            _check(credential)
        members = [Member(_name(credential), credential) for credential in credentials]
        self._set_up_chain(members, _advice)


class ChainedTokenCredential(ChainedTokenConstructor[TokenProvider]):
    __doc__ = ChainedTokenConstructor.__doc__

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """Request a token from each credential, in order, and return the first one received.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword str claims: additional claims required in the token, from a resource's claims challenge.
        :keyword str tenant_id: the tenant to acquire the token from, if not the credential's own.
        :keyword bool enable_cae: whether the token may be subject to continuous access evaluation.
        :raises ~webidentity.ChainError: no credential provided a token; ``.attempts`` has their errors. A subclass of
            :class:`~azure.core.exceptions.ClientAuthenticationError`.
        :raises ValueError: no scope was given.
        """
        pinned = self._chain.pinned
        if pinned is not None:
            token: AccessToken = pinned.get_token(
                *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **kwargs
            )
            return token
        keywords = {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae, **kwargs}
        found: AccessToken = _DRIVER.run(self._chain.token(TokenCall("get_token", scopes, keywords)))
        return found

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Request a token from each credential, in order, and return the first one received.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`. They are passed on unchanged.
        :raises ~webidentity.ChainError: no credential provided a token.
        :raises ValueError: no scope was given.
        """
        pinned = self._chain.pinned
        if pinned is not None:
            info: AccessTokenInfo = pinned.get_token_info(*scopes, options=options)
            return info
        found: AccessTokenInfo = _DRIVER.run(self._chain.token(TokenCall.of_options(scopes, options)))
        return found

    def close(self) -> None:
        """Close every credential of the chain, even if closing one of them fails; then raise the first error."""
        _DRIVER.run(self._chain.close("__exit__"))

    def __enter__(self) -> Self:
        """Enter every credential that is a context manager."""
        _DRIVER.run(self._chain.enter("__enter__", "__exit__"))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave every credential that is a context manager."""
        _DRIVER.run(self._chain.leave("__exit__", exc_type, exc, traceback))


def _check(credential: Any) -> None:
    method = "get_token" if hasattr(credential, "get_token") else "get_token_info"
    expected = "credentials one by one, as in ChainedTokenCredential(first, second)"
    check_object("ChainedTokenCredential", credential, (method,), expected)


def _name(credential: Any) -> str:
    return str(getattr(credential, "unavailable_name", None) or type(credential).__name__)


def _advice(stopped: Member | None) -> str:
    if stopped is None:
        return "None of them is set up in this environment: set up one of them, or add one that can be used here."
    return (
        f"{stopped.name} failed, which ended the search: the next credential is tried only after a "
        "CredentialUnavailableError."
    )
