"""How a client proves that it is the application (RFC 6749 section 2.3, RFC 7523 section 2.2)."""

from webidentity._protocol.effects import Flow
from webidentity.cache._partition import digest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication:
    """What a client adds to the form of each token request; this one, of a public client, is nothing."""

    @property
    def fingerprint(self) -> str:
        """A digest that is equal for equal proofs only."""
        return ""

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - for others
        """Return the form fields that carry the proof."""
        yield from ()
        return {}

    def renew(self) -> bool:
        """Forget what was sent, since it is too old for the authority; say whether there may be something newer."""
        return False


class ClientSecret(ClientAuthentication):
    """A shared secret, sent in the form."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @property
    def fingerprint(self) -> str:
        """The digest of the secret."""
        return digest(self.secret)

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the same everywhere
        """Return the secret as a field."""
        yield from ()
        return {"client_secret": self.secret}


def assertion_fields(assertion: object) -> dict[str, str]:
    """Return the form fields that carry an assertion.

    :raises ValueError: it is no assertion.
    """
    if not isinstance(assertion, str) or not assertion:
        raise ValueError("the callable for client assertions must return a signed token as a string, never empty")
    return {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
