"""The certificate of a Service Fabric endpoint: signed by itself, and known by its thumbprint alone."""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class ServerCertificate:
    """A key and its certificate, made anew."""

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
        """The SHA-1 digest, as Service Fabric writes it."""
        return self._certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - that is what a thumbprint is

    @property
    def thumbprint_sha256(self) -> str:
        """The SHA-256 digest."""
        return self._certificate.fingerprint(SHA256()).hex().upper()

    def context(self) -> ssl.SSLContext:
        """A TLS context of a server that has it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.touch(mode=0o600)
            key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write_bytes(key + self._certificate.public_bytes(Encoding.PEM))
            context.load_cert_chain(file)
        return context
