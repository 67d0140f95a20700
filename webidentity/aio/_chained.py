"""ChainedTokenCredential, async."""

from types import TracebackType
from typing import Any, ClassVar, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenProvider

from webidentity._credentials.chained import ChainedTokenConstructor
from webidentity._flows.token_call import TokenCall
from webidentity._transport.driver import send_nothing
from webidentity._transport.traceless_driver import AsyncTracelessDriver

_DRIVER = AsyncTracelessDriver(send_nothing)


class ChainedTokenCredential(ChainedTokenConstructor[AsyncTokenProvider]):
    __doc__ = ChainedTokenConstructor.__doc__
    _is_async: ClassVar[bool] = True

    async def get_token(
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
            token: AccessToken = await pinned.get_token(
                *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **kwargs
            )
            return token
        keywords = {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae, **kwargs}
        found: AccessToken = await _DRIVER.run(self._chain.token(TokenCall("get_token", scopes, keywords)))
        return found

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Request a token from each credential, in order, and return the first one received.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`. They are passed on unchanged.
        :raises ~webidentity.ChainError: no credential provided a token.
        :raises ValueError: no scope was given.
        """
        pinned = self._chain.pinned
        if pinned is not None:
            info: AccessTokenInfo = await pinned.get_token_info(*scopes, options=options)
            return info
        found: AccessTokenInfo = await _DRIVER.run(self._chain.token(TokenCall.of_options(scopes, options)))
        return found

    async def close(self) -> None:
        """Close every credential of the chain, even if closing one of them fails; then raise the first error."""
        await _DRIVER.run(self._chain.close("__aexit__"))

    async def __aenter__(self) -> Self:
        """Enter every credential that is a context manager."""
        await _DRIVER.run(self._chain.enter("__aenter__", "__aexit__"))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave every credential that is a context manager."""
        await _DRIVER.run(self._chain.leave("__aexit__", exc_type, exc_value, traceback))
