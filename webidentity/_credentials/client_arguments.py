"""Constructor arguments that most credentials share: the client ID, how the client authenticates, and the cache."""

from typing import TYPE_CHECKING

from webidentity._authority import normalize_authority
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientAuthentication, ClientSecret
from webidentity._objects import check_object
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache

if TYPE_CHECKING:
    from webidentity.cache._persistent import PersistentFiles


def client_from(client_id: str, authentication: ClientAuthentication, authority: str | None) -> Client:
    """Return the client.

    :raises ValueError: the client ID is empty, or the authority is malformed.
    """
    if not client_id:
        raise ValueError("client_id should be the id of a Microsoft Entra application, as the portal shows it")
    return Client(normalize_authority(authority), client_id, authentication)


def secret_from(client_secret: str | None, *, required: bool) -> ClientAuthentication:
    """Return client authentication with a secret, or without any if there is no secret.

    :raises ValueError: the secret is missing and required.
    """
    if client_secret:
        return ClientSecret(client_secret)
    if required:
        raise ValueError("client_secret should be a Microsoft Entra application's client secret: its value, not its id")
    return ClientAuthentication()


def certificate_from(
    client_id: str, data: str | bytes, password: str | bytes | None, *, send_chain: bool
) -> ClientAuthentication:
    """Return client authentication with a certificate.

    :raises ValueError: the data is not a certificate with an RSA key.
    :raises TypeError: the key is encrypted and there is no password.
    """
    # Imported here because cryptography is slow to import, and only certificates need it.
    from webidentity._flows.certificate_authentication import CertificateAuthentication
    from webidentity._protocol.certificate import ClientCertificate

    if isinstance(data, str):
        data = data.encode()
    certificate = ClientCertificate.load(data, password.encode() if isinstance(password, str) else password)
    return CertificateAuthentication(certificate, client_id, send_chain)


def cache_from(token_cache: TokenCache | None, persistence: TokenCachePersistenceOptions | None) -> TokenCache:
    """Return the cache that was passed, or the persistent cache, or a new cache for this credential alone.

    :param persistence: the options, or azure-identity's object of the same name.
    :raises ValueError: both were passed.
    :raises TypeError: the cache or the options have another type.
    """
    if token_cache is not None:
        expected = "TokenCache() or TokenCache(store, KeyRing(secret))"
        check_object("token_cache", token_cache, ("load", "update", "peek"), expected)
    if persistence is None:
        return token_cache or TokenCache()
    if token_cache is not None:
        raise ValueError(
            "Pass one: token_cache= for a cache of this application, cache_persistence_options= for the one that the "
            "programs of the same OS user share"
        )
    return TokenCache.over(files_of(persistence))


def files_of(persistence: TokenCachePersistenceOptions) -> "PersistentFiles":
    """Return the files of the persistent cache.

    :param persistence: the options, or azure-identity's object of the same name.
    :raises TypeError: the options have another type.
    """
    name: object = getattr(persistence, "name", None)
    if not isinstance(name, str) or not name:
        raise TypeError("cache_persistence_options should be a TokenCachePersistenceOptions, with a name")
    from webidentity.cache._persistent import PersistentFiles

    return PersistentFiles(persistence)
