"""CertificateCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import cache_from, certificate_from, client_from
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.token_source import TokenSource
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class CertificateConstructor(GrantConstructor, of="CertificateCredential"):
    """Authenticates as a service principal with a certificate in PEM or PKCS#12 format that has an RSA key.

    The constructor reads the certificate once. Each token request is signed with PS256.

    :param str tenant_id: ID of the service principal's tenant, also called its directory ID.
    :param str client_id: the service principal's client ID.
    :param str certificate_path: path of the certificate file, which must include the private key.
    :keyword certificate_data: the content of a certificate file, as bytes, or as a string if it is PEM. It takes
        precedence over ``certificate_path``.
    :keyword password: the private key's password. A string is encoded as UTF-8.
    :keyword bool send_certificate_chain: whether to send the certificate chain in the x5c header, which subject name
        and issuer authentication requires.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises OSError: the file cannot be read.
    :raises ValueError: an argument is missing or malformed, or the key is not an RSA key.
    :raises TypeError: the key is encrypted and there is no password.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        certificate_path: str | None = None,
        *,
        certificate_data: str | bytes | None = None,
        password: str | bytes | None = None,
        send_certificate_chain: bool = False,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        if not certificate_data:
            if not certificate_path:
                raise ValueError(
                    'CertificateCredential requires a value for either "certificate_path" or "certificate_data"'
                )
            with open(certificate_path, "rb") as file:
                certificate_data = file.read()
        authentication = certificate_from(client_id, certificate_data, password, send_chain=send_certificate_chain)
        client = client_from(client_id, authentication, authority)
        grant = ClientCredentials(client, cache_from(token_cache, cache_persistence_options))
        self._set_up(TokenSource(grant, Tenants.of(tenant_id, additionally_allowed_tenants)), **kwargs)


class CertificateCredential(CertificateConstructor, Credential):
    __doc__ = CertificateConstructor.__doc__
