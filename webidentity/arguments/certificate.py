"""The constructor of CertificateCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.cache import cache_from
from webidentity.arguments.client import certificate_from, client_from
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class CertificateArguments(Constructor):
    """Authenticates as a service principal using a certificate with an RSA key, in PEM or PKCS#12.

    The key is parsed once, here. Each token request is signed anew, with PS256.

    :param str tenant_id: ID of the service principal's tenant. Also called its "directory" ID.
    :param str client_id: the service principal's client ID.
    :param str certificate_path: path to the certificate file, including the private key.
    :keyword bytes certificate_data: the content of such a file; outweighs the path.
    :keyword password: the private key's password, a string is encoded as UTF-8.
    :keyword bool send_certificate_chain: whether to send the certificates in the x5c header, as subject name and issuer
        authentication requires.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises OSError: the file cannot be read.
    :raises ValueError: an argument is malformed, or the key is not RSA.
    :raises TypeError: the key is encrypted and there is no password.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        certificate_path: str | None = None,
        *,
        certificate_data: bytes | None = None,
        password: str | bytes | None = None,
        send_certificate_chain: bool = False,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        authentication = certificate_from(
            client_id, certificate_path, certificate_data, password, send_chain=send_certificate_chain
        )
        client = client_from(client_id, authentication, authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)
