"""The constructor arguments that every confidential client has."""

import os
from collections.abc import Callable

from webidentity._authority import normalize_authority
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientAuthentication, ClientSecret

Assertion = Callable[[], object]


def client_from(client_id: str, authentication: ClientAuthentication, authority: str | None) -> Client:
    """Return the client.

    :raises ValueError: the client id is empty, or the authority malformed.
    """
    if not client_id:
        raise ValueError("client_id should be the id of a Microsoft Entra application, as the portal shows it")
    return Client(normalize_authority(authority), client_id, authentication)


def secret_from(client_secret: str | None, *, required: bool) -> ClientAuthentication:
    """Return the proof that a client secret is.

    :raises ValueError: it is missing and required.
    """
    if client_secret:
        return ClientSecret(client_secret)
    if required:
        raise ValueError("client_secret should be a Microsoft Entra application's client secret: its value, not its id")
    return ClientAuthentication()


def certificate_from(
    client_id: str,
    path: str | os.PathLike[str] | None,
    data: bytes | None,
    password: str | bytes | None,
    *,
    send_chain: bool,
) -> ClientAuthentication:
    """Return the proof that a certificate is, read from the file or from the bytes.

    :raises OSError: the file cannot be read.
    :raises ValueError: neither is given, or the content is no certificate with an RSA key.
    :raises TypeError: the key is encrypted and there is no password.
    """
    if not data:
        if not path:
            raise ValueError(
                'CertificateCredential requires a value for either "certificate_path" or "certificate_data"'
            )
        with open(path, "rb") as file:
            data = file.read()
    return _certificate_proof(client_id, data, password, send_chain=send_chain)


def on_behalf_of_proof(
    client_id: str,
    *,
    client_secret: str | None,
    client_certificate: bytes | None,
    client_assertion_func: Assertion | None,
    password: str | bytes | None,
    send_chain: bool,
) -> ClientAuthentication:
    """Return the one proof that was given.

    :raises TypeError: none was given.
    :raises ValueError: several were given, or the certificate is none.
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
        raise ValueError(f"Pass one proof of the application's identity, not several: {', '.join(names)}")
    if client_assertion_func:
        from webidentity._flows.assertion_authentication import AssertionAuthentication

        return AssertionAuthentication(client_assertion_func)
    if client_secret:
        return ClientSecret(client_secret)
    try:
        return _certificate_proof(client_id, client_certificate or b"", password, send_chain=send_chain)
    except ValueError as error:
        raise ValueError(f'"client_certificate" is not a valid certificate in PEM or PKCS12 format: {error}') from error


def _certificate_proof(
    client_id: str, data: bytes, password: str | bytes | None, *, send_chain: bool
) -> ClientAuthentication:
    # cryptography is loaded by who has a certificate
    from webidentity._flows.certificate_authentication import CertificateAuthentication
    from webidentity._protocol.certificate import ClientCertificate

    certificate = ClientCertificate.load(data, password.encode() if isinstance(password, str) else password)
    return CertificateAuthentication(certificate, client_id, send_chain)
