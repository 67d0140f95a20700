"""Client authentication with a certificate."""

import secrets
import time
import uuid
from dataclasses import dataclass, field

from webidentity._authority import ADFS
from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._protocol.certificate import ClientCertificate, sign_assertion
from webidentity._protocol.effects import Flow


@dataclass(frozen=True)
class CertificateAuthentication(ClientAuthentication):
    """Signs an assertion with a certificate for each token request.

    :param send_chain: whether the assertion contains the certificate chain, for subject name and issuer authentication.
    """

    certificate: ClientCertificate = field(repr=False)
    client_id: str
    send_chain: bool = False

    @property
    def fingerprint(self) -> str:
        """The digest of the certificate and its key."""
        return self.certificate.fingerprint

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:
        """Return the form fields with a new assertion for this endpoint."""
        yield from ()
        assertion = sign_assertion(
            self.certificate,
            client_id=self.client_id,
            audience=token_endpoint,
            now=int(time.time()),
            jti=str(uuid.UUID(hex=secrets.token_hex(16), version=4)),
            send_chain=self.send_chain,
            adfs=tenant.lower() == ADFS,
        )
        return assertion_fields(assertion)
