"""ChainedTokenCredential."""

from types import TracebackType
from typing import Any, ClassVar, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenProvider, TokenRequestOptions

from webidentity._flows.token_call import TokenCall
from webidentity._transport.driver import send_nothing
from webidentity._transport.traceless_driver import TracelessDriver
from webidentity.arguments.chained import ChainedArguments
from webidentity.arguments.classes import SYNC

_DRIVER = TracelessDriver(send_nothing)


class ChainedTokenCredential(ChainedArguments[TokenProvider]):
    __doc__ = ChainedArguments.__doc__
    _package: ClassVar[str] = SYNC

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
        :raises ~webidentity.ChainError: no credential provided a token, ``.attempts`` says why; a subclass of
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
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`; passed on as they are.
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
        """Close every credential of the chain, also when one of them fails to; the first error is raised then."""
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
