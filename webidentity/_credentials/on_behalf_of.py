"""OnBehalfOfCredential."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, certificate_from, client_from, secret_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.assertion_authentication import AssertionAuthentication
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._flows.token_source import TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

Assertion = TypeVar("Assertion")


class OnBehalfOfConstructor(GrantConstructor, Generic[Assertion], of="OnBehalfOfCredential"):
    """Authenticates as a service principal on behalf of the user who called it (on-behalf-of flow).

    :param str tenant_id: ID of the service principal's tenant, also called its directory ID.
    :param str client_id: the service principal's client ID.
    :keyword str user_assertion: the access token that the user sent to this service.
    :keyword str client_secret: one of the service principal's client secrets. Pass either this, ``client_certificate``
        or ``client_assertion_func``.
    :keyword client_certificate: a certificate in PEM or PKCS#12 format, including the private key. PEM may be a string.
    :keyword client_assertion_func: a callable that returns a client assertion. It is called for each token request. The
        async credential also accepts a coroutine function.
    :keyword password: the certificate's password. A string is encoded as UTF-8.
    :keyword bool send_certificate_chain: whether to send the certificate chain in the x5c header.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
        Cached tokens are found only with the same assertion, so users never receive each other's tokens.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises TypeError: ``user_assertion`` or the client authentication is missing.
    :raises ValueError: an argument is malformed, or there is more than one client authentication.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        *,
        user_assertion: str,
        client_certificate: str | bytes | None = None,
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
        authentication = _authentication(
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


class OnBehalfOfCredential(OnBehalfOfConstructor[str], Credential):
    __doc__ = OnBehalfOfConstructor.__doc__


def _authentication(
    client_id: str,
    *,
    client_secret: str | None,
    client_certificate: str | bytes | None,
    client_assertion_func: Callable[[], object] | None,
    password: str | bytes | None,
    send_chain: bool,
) -> ClientAuthentication:
    """Return the client authentication that was passed.

    :raises TypeError: no client authentication was passed.
    :raises ValueError: more than one was passed, or the certificate is invalid.
    """
    given = {
        "client_assertion_func": client_assertion_func,
        "client_certificate": client_certificate,
        "client_secret": client_secret,
    }
    names = [name for name, value in given.items() if value]
    if not names:
        raise TypeError('Either "client_certificate", "client_secret", or "client_assertion_func" must be provided')
    if len(names) > 1:
        raise ValueError(f"Pass one way to authenticate the client, not several: {', '.join(names)}")
    if client_assertion_func:
        return AssertionAuthentication(client_assertion_func)
    if client_secret:
        return secret_from(client_secret, required=True)
    try:
        return certificate_from(client_id, client_certificate or b"", password, send_chain=send_chain)
    except ValueError as error:
        raise ValueError(f'"client_certificate" is not a valid certificate in PEM or PKCS12 format: {error}') from error
