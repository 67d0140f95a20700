"""SharedTokenCacheCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import ANY_ORGANIZATION, Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import client_from, files_of
from webidentity._credentials.constructor import GrantConstructor
from webidentity._credentials.interactive import DEVELOPER_TOOLS, authority_of
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.shared_account import RecordedAccount, SharedAccountTokens
from webidentity._flows.shared_token_cache import MatchingAccount, OnSupportedPlatforms, is_supported
from webidentity._flows.token_source import TokenGrant, TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord


class SharedTokenCacheConstructor(GrantConstructor, of="SharedTokenCacheCredential"):
    """Authenticates as a user who signed in with another program, from the cache of Microsoft's developer tools.

    Each call reads the cache, so it notices when a user signs in or out. If several accounts match, ``get_token``
    raises :class:`~webidentity.CredentialUnavailableError`.

    :param str username: the username of the account, typically an email address. Upper and lower case are the same.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword str tenant_id: the home tenant of the account. With ``authentication_record``: the tenant to request tokens
        from, by default that of the record.
    :keyword AuthenticationRecord authentication_record: the account, as a credential's ``authenticate`` returned it.
        ``username`` is then ignored.
    :keyword additionally_allowed_tenants: with ``authentication_record``, other tenants that a call may request tokens
        from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: the cache to read. By default that of the developer
        tools, even if it is not encrypted.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
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


class SharedTokenCacheCredential(SharedTokenCacheConstructor, Credential):
    __doc__ = SharedTokenCacheConstructor.__doc__
