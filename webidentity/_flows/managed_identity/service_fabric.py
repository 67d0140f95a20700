"""Service Fabric, whose endpoint has a self-signed certificate."""

from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import EntraError

_IDENTITY_IS_FIXED = (
    "Specifying a client_id or identity_config is not supported by the Service Fabric managed identity environment. "
    "The identity is set in the application's manifest: https://aka.ms/servicefabricmi"
)


def read_thumbprint(text: str) -> str | None:
    """Return the SHA-1 or SHA-256 digest of a certificate in lower-case hexadecimal, or None if it is not a digest."""
    digits = "".join(character for character in text if character not in ": \t\r\n").lower()
    return digits if len(digits) in {40, 64} and all(digit in "0123456789abcdef" for digit in digits) else None


class ServiceFabricSource(Source):
    """Authenticates callers with a header. The endpoint is identified by the thumbprint of its certificate.

    The pipeline compares the thumbprint before it sends a request.
    """

    host = "Service Fabric"
    api_version = "2019-07-01-preview"
    #: 404 means that the secret is unknown, or that the application has no identity.
    absent = (404,)

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token."""
        if self.identity.is_user_assigned:
            raise EntraError(_IDENTITY_IS_FIXED)
        return (yield from super().token(request))

    def parameters(self, request: SourceRequest) -> dict[str, str]:
        """Return the parameters, with the digest of a rejected token, so that the endpoint does not send it again."""
        refused = {"token_sha256_to_refresh": request.refused} if request.refused else {}
        return {**super().parameters(request), **refused}

    def headers(self) -> dict[str, str]:
        """Return the header."""
        return {"Secret": self.secret}
