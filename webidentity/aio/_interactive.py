"""The base of the async credentials that ask the user to sign in."""

from collections.abc import Iterable
from typing import Any

from webidentity._flows.user_grant import UserGrant
from webidentity.aio._base import AsyncCredential
from webidentity.record import AuthenticationRecord


class AsyncInteractiveCredential(AsyncCredential):
    """An async credential whose user can be asked to sign in."""

    _user: UserGrant

    async def authenticate(
        self,
        *,
        scopes: Iterable[str] | None = None,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,  # noqa: ARG002 - azure-identity accepts any
    ) -> AuthenticationRecord:
        """Ask the user to sign in, even if tokens are cached, and return the account that signed in.

        :keyword scopes: scopes to request, such as those of an :class:`~webidentity.AuthenticationRequiredError`. The
            token is cached. By default the scope of Azure Resource Manager in the authority's cloud.
        :keyword str claims: additional claims required in the token, such as those of that error.
        :keyword str tenant_id: the tenant to sign in to, if not the credential's own.
        :keyword bool enable_cae: whether the token may be subject to continuous access evaluation.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: the user cannot be asked here, or there is no default scope
            because the authority's cloud is unknown.
        """
        return await self._driver.run(self._user.authenticate(scopes, claims, tenant_id, enable_cae=enable_cae))
