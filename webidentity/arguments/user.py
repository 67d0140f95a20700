"""What the constructors of credentials that ask the user have in common."""

from collections.abc import Callable, Iterable
from typing import Any

from webidentity._authority import ANY_ORGANIZATION, Tenants, authority_host, normalize_authority
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.token_source import TokenSource
from webidentity._flows.user_grant import InteractiveSignIn, UserGrant
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord

#: The client id of Microsoft's developer tools, which azure-identity has as its default too.
DEVELOPER_TOOLS = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


class UserArguments(Constructor):
    """Sets up a credential whose user signs in here."""

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
        """Make the grant; an account that is given outweighs client, tenant and authority."""
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


def authority_of(record: AuthenticationRecord, authority: str | None) -> str:
    """Return the record's authority, with the scheme of the one that was given if they are the same."""
    given = normalize_authority(authority)
    return given if authority_host(given) == record.authority else record.authority
