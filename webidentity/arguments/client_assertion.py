"""The constructor of ClientAssertionCredential."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from webidentity._authority import Tenants
from webidentity._flows.assertion_authentication import AssertionAuthentication
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

Assertion = TypeVar("Assertion")


class ClientAssertionArguments(Constructor, Generic[Assertion]):
    """Authenticates a service principal with a JWT assertion that somebody else made, such as a federated token.

    :param str tenant_id: ID of the principal's tenant. Also called its "directory" ID.
    :param str client_id: the principal's client ID.
    :param func: a callable that returns an assertion, called for each token request; with asyncio it may be a coroutine
        function.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials that have the same callable; by default the
        credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
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
