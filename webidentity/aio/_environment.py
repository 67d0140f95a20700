"""EnvironmentCredential, async."""

from types import TracebackType
from typing import Any, ClassVar, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity._credentials.environment import EnvironmentConstructor


class EnvironmentCredential(EnvironmentConstructor):
    __doc__ = EnvironmentConstructor.__doc__
    _is_async: ClassVar[bool] = True

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """Request an access token for ``scopes``. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword str claims: additional claims required in the token, from a resource's claims challenge.
        :keyword str tenant_id: the tenant to acquire the token from, if not AZURE_TENANT_ID.
        :keyword bool enable_cae: whether the token may be subject to continuous access evaluation.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: the environment is not fully configured.
        """
        token: AccessToken = await self._credential.get_token(
            *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **kwargs
        )
        return token

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Request an access token for ``scopes``, with its properties. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`; others are ignored.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: the environment is not fully configured.
        """
        info: AccessTokenInfo = await self._credential.get_token_info(*scopes, options=options)
        return info

    async def close(self) -> None:
        """Close the credential's transport; a later request opens it again."""
        await self._credential.close()

    async def __aenter__(self) -> Self:
        """Open the credential's transport."""
        await self._credential.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close the credential's transport."""
        await self.close()
