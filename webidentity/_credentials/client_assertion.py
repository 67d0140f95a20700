"""ClientAssertionCredential."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.assertion_authentication import AssertionAuthentication
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

Assertion = TypeVar("Assertion")


class ClientAssertionConstructor(GrantConstructor, Generic[Assertion], of="ClientAssertionCredential"):
    """Authenticates as a service principal with a JWT assertion from the application, such as a federated token.

    :param str tenant_id: ID of the service principal's tenant, also called its directory ID.
    :param str client_id: the service principal's client ID.
    :param func: a callable that returns the assertion. It is called for each token request. The async credential also
        accepts a coroutine function.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials that have the same callable. By default the
        credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises ValueError: an argument is malformed.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        func: Callable[[], Assertion],
        *,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        client = client_from(client_id, AssertionAuthentication(func), authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)


class ClientAssertionCredential(ClientAssertionConstructor[str], Credential):
    __doc__ = ClientAssertionConstructor.__doc__
