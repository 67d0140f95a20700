"""The constructor of SharedTokenCacheCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import ANY_ORGANIZATION, Tenants
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.shared_account import RecordedAccount, SharedAccountTokens
from webidentity._flows.shared_token_cache import MatchingAccount, OnSupportedPlatforms, is_supported
from webidentity._flows.token_source import TokenGrant, TokenSource
from webidentity.arguments.cache import files_of
from webidentity.arguments.client import client_from
from webidentity.arguments.constructor import Constructor
from webidentity.arguments.user import DEVELOPER_TOOLS, authority_of
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord


class SharedTokenCacheArguments(Constructor):
    """Authenticates a user who signed in with another program, by the cache that Microsoft's developer tools share.

    The cache is looked at for each token, so that a user who signs in or out meanwhile is noticed. If several accounts
    match, there is no token of any.

    :param str username: whose token, typically an email address; upper and lower case are the same.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword str tenant_id: ID of the tenant in which the account is at home. With a record: the tenant that tokens are
        acquired from, by default the record's.
    :keyword AuthenticationRecord authentication_record: the account, as a credential's ``authenticate`` returned it;
        ``username`` then has no meaning.
    :keyword additionally_allowed_tenants: with a record, further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: which cache. By default that of the developer
        tools, also where it is not encrypted: whoever made it allowed that.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises ValueError: an argument is malformed.
    """

    def __init__(
        self,
        username: str | None = None,
        *,
        authority: str | None = None,
        tenant_id: str | None = None,
        authentication_record: AuthenticationRecord | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        **kwargs: Any,
    ) -> None:
        record = authentication_record
        files = files_of(cache_persistence_options or TokenCachePersistenceOptions(allow_unencrypted_storage=True))
        client_id = DEVELOPER_TOOLS if record is None else record.client_id
        client = client_from(
            client_id, ClientAuthentication(), authority if record is None else authority_of(record, authority)
        )
        shared = SharedAccountTokens(files, UserTokens(client, TokenCache.over(files)))
        if record is None:
            tenants = Tenants.of(ANY_ORGANIZATION, additionally_allowed_tenants)
            grant: TokenGrant = MatchingAccount(shared, username, tenant_id)
        else:
            tenants = Tenants.of(tenant_id or record.tenant_id, additionally_allowed_tenants)
            grant = RecordedAccount(shared, record)
        self._set_up(TokenSource(OnSupportedPlatforms(grant), tenants, keeps_tokens=False), **kwargs)

    @staticmethod
    def supported() -> bool:
        """Whether the shared token cache is supported on the current platform.

        :rtype: bool
        """
        return is_supported()
