"""How a client proves that it is the application (RFC 6749 section 2.3, RFC 7523 section 2.2)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from webidentity.cache.partition import digest
from webidentity.protocol.effects import Call, Flow

if TYPE_CHECKING:  # cryptography is loaded by who has a certificate
    from webidentity.protocol.certificate import ClientCertificate

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Proof:
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


@dataclass(frozen=True)
class ClientSecret(Proof):
    """A shared secret, sent in the form."""

    secret: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the secret."""
        return digest(self.secret)

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the same everywhere
        """Return the secret as a field."""
        yield from ()
        return {"client_secret": self.secret}


@dataclass(frozen=True)
class CertificateProof(Proof):
    """A certificate that signs an assertion for each token request.

    :param certificate: a :class:`~webidentity.protocol.certificate.ClientCertificate`, imported where there is one.
    :param send_chain: whether the assertion brings the certificates along, for subject name and issuer authentication.
    """

    certificate: "ClientCertificate" = field(repr=False)
    client_id: str
    send_chain: bool = False

    @property
    def fingerprint(self) -> str:
        """The digest of certificate and key."""
        return self.certificate.fingerprint

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:
        """Return a fresh assertion for this endpoint."""
        from webidentity.protocol.client_assertion import sign_assertion

        yield from ()
        assertion = sign_assertion(
            self.certificate,
            client_id=self.client_id,
            audience=token_endpoint,
            now=int(time.time()),
            jti=secrets.token_hex(16),
            send_chain=self.send_chain,
            adfs=tenant.lower() == "adfs",
        )
        return assertion_fields(assertion)


@dataclass(frozen=True)
class AssertionProof(Proof):
    """A callable that returns an assertion made by somebody else; it is called for each token request.

    :param func: may return an awaitable where an event loop runs the flow.
    """

    func: Callable[[], object] = field(repr=False)
    _identity: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_identity", _identity_of(self.func))

    @property
    def fingerprint(self) -> str:
        """The identity of the callable in this process: what it returns changes."""
        return self._identity

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the callable knows
        """Return what the callable returns."""
        return assertion_fields((yield Call(self.func)))


def assertion_fields(assertion: object) -> dict[str, str]:
    """Return the form fields that carry an assertion.

    :raises ValueError: it is no assertion.
    """
    if not isinstance(assertion, str) or not assertion:
        raise ValueError("the callable for client assertions must return a signed token as a string, never empty")
    return {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}


_IDENTITIES: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()


def _identity_of(func: Callable[..., Any]) -> str:
    """Return a random name that the callable keeps for its life; bound methods are known by object and function."""
    owner, part = getattr(func, "__self__", func), getattr(func, "__func__", None)
    try:
        return _IDENTITIES.setdefault(owner, {}).setdefault(part, secrets.token_hex(16))
    except TypeError:
        # Neither hashable nor weakly referable, so nobody can hold on to it: it shares with nobody.
        return secrets.token_hex(16)
