"""Client authentication (RFC 6749 section 2.3, RFC 7523 section 2.2)."""

from webidentity._protocol.effects import Flow
from webidentity.cache._partition import digest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication:
    """Fields that a client adds to the form of each token request. A public client, as here, adds none."""

    @property
    def fingerprint(self) -> str:
        """A digest that is equal only for equal credentials of the client."""
        return ""

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - for subclasses
        """Return the form fields that authenticate the client."""
        yield from ()
        return {}

    def renew(self) -> bool:
        """Discard an assertion that the authority considers expired, and return whether a newer one may exist."""
        return False


class ClientSecret(ClientAuthentication):
    """A client secret, sent in the form."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @property
    def fingerprint(self) -> str:
        """The digest of the secret."""
        return digest(self.secret)

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the same for all endpoints
        """Return the form field with the secret."""
        yield from ()
        return {"client_secret": self.secret}


def assertion_fields(assertion: object) -> dict[str, str]:
    """Return the form fields that carry an assertion.

    :raises ValueError: it is not a non-empty string.
    """
    if not isinstance(assertion, str) or not assertion:
        raise ValueError("the callable for client assertions must return a signed token as a non-empty string")
    return {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
