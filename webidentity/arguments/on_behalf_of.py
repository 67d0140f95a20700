"""The constructor of OnBehalfOfCredential."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from webidentity._authority import Tenants
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import client_from, on_behalf_of_proof
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

Assertion = TypeVar("Assertion")


class OnBehalfOfArguments(Constructor, Generic[Assertion]):
    """Authenticates a service principal on behalf of the user who called it.

    :param str tenant_id: ID of the service principal's tenant. Also called its "directory" ID.
    :param str client_id: the service principal's client ID.
    :keyword str user_assertion: the access token that the caller sent to this service.
    :keyword str client_secret: one of the service principal's client secrets.
    :keyword bytes client_certificate: or a certificate in PEM or PKCS#12, including the private key.
    :keyword client_assertion_func: or a callable that returns an assertion, called for each token request.
    :keyword password: the certificate's password, a string is encoded as UTF-8.
    :keyword bool send_certificate_chain: whether to send the certificates in the x5c header.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; tokens are found only with the same
        assertion, so credentials of different users never share one. By default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises TypeError: the user's assertion, or the proof of the application's identity, is missing.
    :raises ValueError: an argument is malformed, or there are several proofs.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        *,
        user_assertion: str,
        client_certificate: bytes | None = None,
        client_secret: str | None = None,
        client_assertion_func: Callable[[], Assertion] | None = None,
        password: str | bytes | None = None,
        send_certificate_chain: bool = False,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        authentication = on_behalf_of_proof(
            client_id,
            client_secret=client_secret,
            client_certificate=client_certificate,
            client_assertion_func=client_assertion_func,
            password=password,
            send_chain=send_certificate_chain,
        )
        client = client_from(client_id, authentication, authority)
        grant = OnBehalfOf.begin(client, cache_from(token_cache, cache_persistence_options), user_assertion)
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)
