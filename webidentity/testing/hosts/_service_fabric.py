"""The Managed Identity Token Service of a Service Fabric cluster, and its certificate.

Follows Microsoft's "How to leverage a Service Fabric application's managed identity to access Azure services".
"""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from webidentity.testing.hosts._host import HostKind
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

if TYPE_CHECKING:
    from webidentity.testing.hosts._identities import HostIdentity, Token, TokenMaker


class ServerCertificate:
    """A new key and its self-signed certificate. Clients recognise it by its thumbprint."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fabric.test")])
        now = dt.datetime.now(dt.UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .sign(self._key, SHA256())
        )

    @property
    def thumbprint(self) -> str:
        """The SHA-1 thumbprint, in Service Fabric's format."""
        return self._certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - thumbprints are SHA-1 digests

    @property
    def thumbprint_sha256(self) -> str:
        """The SHA-256 thumbprint."""
        return self._certificate.fingerprint(SHA256()).hex().upper()

    def context(self) -> ssl.SSLContext:
        """A TLS context for a server with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.touch(mode=0o600)
            key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write_bytes(key + self._certificate.public_bytes(Encoding.PEM))
            context.load_cert_chain(file)
        return context


class ServiceFabric(HostKind):
    """Requires a secret that only programs on the host know. They recognise its certificate by the thumbprint."""

    address = "https://localhost:2377"
    path = "/metadata/identity/oauth2/token"
    api_version = "2019-07-01-preview"

    def __init__(self, tokens: TokenMaker) -> None:
        super().__init__(tokens)
        self.certificate = ServerCertificate()

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoint, the secret and the thumbprint."""
        return {
            "IDENTITY_ENDPOINT": f"{base_url}{self.path}",
            "IDENTITY_HEADER": self.secret,
            "IDENTITY_SERVER_THUMBPRINT": self.certificate.thumbprint,
        }

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the secret, or with an unknown one."""
        given = request.header("Secret")
        if given is None:
            return self.refuse(400, "SecretHeaderNotFound", "Secret is not found in the request headers.")
        return None if given == self.secret else self.refuse_identity("")

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The application's only identity."""
        del parameters
        return self.tokens.identities.named({}, frozenset())

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a successful response. ``expires_on`` is a number."""
        del identity, parameters
        return {
            "token_type": "Bearer",
            "access_token": token.text,
            "expires_on": token.expires_on,
            "resource": token.resource,
        }

    def refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> TenantResponse:
        """An error response."""
        error = {"correlationId": str(uuid.uuid4()), "code": code, "message": message}
        return json_response(status, {"error": error}, *headers)

    def refuse_version(self, given: str) -> TenantResponse:
        """The error for an unknown API version."""
        message = f"The api-version '{given}' is not supported. Supported version is '{self.api_version}'."
        return self.refuse(400, "InvalidApiVersion", message)

    def refuse_without_resource(self) -> TenantResponse:
        """The error for a missing resource."""
        message = "The parameter 'resource' should not be null or empty string."
        return self.refuse(400, "ArgumentNullOrEmpty", message)

    def refuse_identity(self, reason: str) -> TenantResponse:
        """The error for an application without an identity."""
        del reason
        message = "Managed identity not found for the specified application host."
        return self.refuse(404, "ManagedIdentityNotFound", message)

    def refuse_resource(self, resource: str) -> TenantResponse:
        """The error for an unregistered resource. Like the real one, it has no details."""
        del resource
        return self.refuse(500, "InternalServerError", "An error occurred.")
