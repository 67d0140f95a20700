"""The base of the credentials that ask the user to sign in."""

from collections.abc import Callable, Iterable
from typing import Any

from webidentity._authority import ANY_ORGANIZATION, Tenants, authority_host, normalize_authority
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.token_source import TokenSource
from webidentity._flows.user_grant import InteractiveSignIn, UserGrant
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord

#: The client ID of Microsoft's developer tools, the default here as in azure-identity.
DEVELOPER_TOOLS = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


class InteractiveConstructor(GrantConstructor):
    """Base of the constructors of credentials whose user can be asked to sign in."""

    _user: UserGrant

    def _set_up_user(
        self,
        sign_in: Callable[[Client], InteractiveSignIn],
        *,
        client_id: str,
        tenant_id: str | None,
        authority: str | None,
        authentication_record: AuthenticationRecord | None = None,
        disable_automatic_authentication: bool = False,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        """Create the grant. A record takes precedence over ``client_id``, ``tenant_id`` and ``authority``."""
        record = authentication_record
        if record is not None:
            client_id, tenant_id = record.client_id, record.tenant_id
            authority = authority_of(record, authority)
        client = client_from(client_id, ClientAuthentication(), authority)
        tenants = Tenants.of(tenant_id or ANY_ORGANIZATION, additionally_allowed_tenants)
        user_tokens = UserTokens(client, cache_from(token_cache, cache_persistence_options))
        may_ask = not disable_automatic_authentication
        self._user = UserGrant(user_tokens, sign_in(client), tenants, record, may_ask=may_ask)
        token_source = TokenSource(self._user, tenants)
        self._user.on_sign_in = token_source.forget
        self._set_up(token_source, **kwargs)


class InteractiveCredential(Credential):
    """A sync credential whose user can be asked to sign in."""

    _user: UserGrant

    def authenticate(
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
        return self._driver.run(self._user.authenticate(scopes, claims, tenant_id, enable_cae=enable_cae))


def authority_of(record: AuthenticationRecord, authority: str | None) -> str:
    """Return the record's authority, with the scheme of ``authority`` if that has the same host."""
    given = normalize_authority(authority)
    return given if authority_host(given) == record.authority else record.authority
