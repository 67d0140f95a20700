"""Service Fabric, whose endpoint has a certificate that no authority has signed."""

from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import EntraError

_IDENTITY_IS_THE_CLUSTERS = (
    "Specifying a client_id or identity_config is not supported by the Service Fabric managed identity environment. "
    "The application's manifest says which identity it has: https://aka.ms/servicefabricmi"
)


def read_thumbprint(text: str) -> str | None:
    """Return the SHA-1 or SHA-256 digest of a certificate in lower-case hexadecimal, or None if it is not a digest."""
    digits = "".join(character for character in text if character not in ": \t\r\n").lower()
    return digits if len(digits) in {40, 64} and all(digit in "0123456789abcdef" for digit in digits) else None


class ServiceFabricSource(Source):
    """Knows its callers by a header whose value is in their environment, and is known by its certificate's thumbprint.

    The pipeline compares the thumbprint, before it sends anything.
    """

    host = "Service Fabric"
    api_version = "2019-07-01-preview"
    #: 404 is a code that the endpoint does not know, or an application without an identity.
    absent = (404,)

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token."""
        if self.identity.is_user_assigned:
            raise EntraError(_IDENTITY_IS_THE_CLUSTERS)
        return (yield from super().token(request))

    def parameters(self, request: SourceRequest) -> dict[str, str]:
        """Return the parameters; the digest of a token that was refused keeps the endpoint from sending it again."""
        refused = {"token_sha256_to_refresh": request.refused} if request.refused else {}
        return {**super().parameters(request), **refused}

    def headers(self) -> dict[str, str]:
        """Return the header."""
        return {"Secret": self.secret}
