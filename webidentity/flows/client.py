"""The application as the token endpoint knows it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from webidentity.cache.partition import digest
from webidentity.protocol.effects import Flow, Send
from webidentity.protocol.token_reply import TokenReply, read_token_reply
from webidentity.protocol.token_request import build_token_request, token_endpoint

#: Fields of a token request that must never come back in a message.
_SECRET_FIELDS = ("client_secret", "code", "code_verifier", "refresh_token", "assertion")


class Proof(Protocol):
    """How a client proves that it is the application (RFC 6749 section 2.3)."""

    @property
    def fingerprint(self) -> str:
        """A digest that is equal for equal proofs only."""
        ...

    def fields(self) -> dict[str, str]:
        """Return the form fields that carry the proof."""
        ...


@dataclass(frozen=True, slots=True)
class NoProof:
    """A public client has none."""

    fingerprint: str = ""

    def fields(self) -> dict[str, str]:
        """Return no fields."""
        return {}


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A shared secret, sent in the form."""

    secret: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the secret."""
        return digest(self.secret)

    def fields(self) -> dict[str, str]:
        """Return the secret as a field."""
        return {"client_secret": self.secret}


@dataclass(frozen=True, slots=True)
class Client:
    """An application at an authority.

    :param authority: a normalized authority, without the tenant.
    """

    authority: str
    client_id: str
    proof: Proof

    def send(self, tenant: str, fields: Mapping[str, str]) -> Flow[TokenReply]:
        """Send the grant's fields with the client's own to the tenant's token endpoint.

        :raises EntraError: the authority refused.
        """
        now = int(time.time())
        form = {"client_id": self.client_id, "client_info": "1", **fields, **self.proof.fields()}
        response = yield Send(build_token_request(token_endpoint(self.authority, tenant), form))
        secrets = [form[name] for name in _SECRET_FIELDS if name in form]
        return read_token_reply(response, now=now, secrets=secrets)

    def refresh(self, tenant: str, fields: Mapping[str, str], refresh_token: str) -> Flow[TokenReply]:
        """Redeem a refresh token (RFC 6749 section 6)."""
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.send(tenant, {**fields, **grant})
