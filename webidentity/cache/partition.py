"""Partitions: whose tokens an entry of the cache holds."""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Partition:
    """Names one set of tokens that belong to one principal, one client, one authority and one tenant.

    Two callers reach the same tokens only if every part is equal.
    """

    kind: str
    client_id: str
    authority: str
    tenant: str
    #: Home account id of a user, digest of an assertion, or digest of a client's secret.
    principal: str
    #: Digest of the client's proof where the principal does not already say who may use the tokens.
    proof: str = ""

    @classmethod
    def user(cls, *, client_id: str, authority: str, tenant: str, home_account_id: str) -> "Partition":
        """Return the partition of a signed-in user."""
        return cls("user", client_id.lower(), authority, tenant.lower(), home_account_id)

    @classmethod
    def on_behalf_of(cls, *, client_id: str, authority: str, tenant: str, assertion: str, proof: str) -> "Partition":
        """Return the partition of the tokens had for one user assertion."""
        return cls("obo", client_id.lower(), authority, tenant.lower(), digest(assertion), proof)

    @classmethod
    def app(cls, *, client_id: str, authority: str, tenant: str, proof: str) -> "Partition":
        """Return the partition of the application's own tokens."""
        return cls("app", client_id.lower(), authority, tenant.lower(), proof)

    @property
    def name(self) -> str:
        """The parts as one text; no two partitions have the same."""
        return json.dumps([self.kind, self.client_id, self.authority, self.tenant, self.principal, self.proof])

    @property
    def environment(self) -> str:
        """The authority's host and port, MSAL's name for the cloud."""
        return urlsplit(self.authority).netloc


def digest(secret: str | bytes) -> str:
    """Return the SHA-256 of something that must not be kept itself, in hexadecimal."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()
