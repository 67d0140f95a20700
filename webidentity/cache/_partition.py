"""Partitions: whose tokens an entry of the cache holds."""

import json
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from webidentity.cache._clouds import aliases_of

if TYPE_CHECKING:  # imported lazily with cryptography
    from webidentity.cache._envelope import KeyRing


class _Parts(NamedTuple):
    kind: str
    client_id: str
    authority: str
    tenant: str
    #: Home account id of a user, digest of an assertion, digest of a client's secret, or a host's endpoint.
    principal: str
    #: Digest of the client authentication where the principal does not already say who may use the tokens.
    authentication: str = ""


class Partition(_Parts):
    """Names one set of tokens that belong to one principal, one client, one authority and one tenant.

    Two callers reach the same tokens only if every part is equal.
    """

    _stored: "tuple[KeyRing, tuple[str, ...]] | None" = None

    def __getstate__(self) -> None:
        """Pickle the parts only: the cached names hold a key ring."""

    @classmethod
    def user(cls, *, client_id: str, authority: str, tenant: str, home_account_id: str) -> "Partition":
        """Return the partition of a signed-in user."""
        return cls("user", client_id.lower(), authority, tenant.lower(), home_account_id)

    @classmethod
    def on_behalf_of(
        cls, *, client_id: str, authority: str, tenant: str, assertion: str, authentication: str
    ) -> "Partition":
        """Return the partition of the tokens had for one user assertion."""
        return cls("obo", client_id.lower(), authority, tenant.lower(), digest(assertion), authentication)

    @classmethod
    def app(cls, *, client_id: str, authority: str, tenant: str, authentication: str) -> "Partition":
        """Return the partition of the application's own tokens."""
        return cls("app", client_id.lower(), authority, tenant.lower(), authentication)

    @classmethod
    def host(cls, *, source: str, endpoint: str, identity_kind: str, identity: str, authentication: str) -> "Partition":
        """Return the partition of a managed identity's tokens, with MSAL's names for client, authority and tenant.

        :param identity_kind: which of its ids names the identity, "" for the system-assigned one.
        """
        client_id = identity.lower() or "system_assigned_managed_identity"
        where = json.dumps([source, endpoint, identity_kind])
        return cls("host", client_id, "https://localhost", "managed_identity", where, authentication)

    @cached_property
    def name(self) -> str:
        """The parts as one text; no two partitions have the same."""
        return json.dumps([self.kind, self.client_id, self.authority, self.tenant, self.principal, self.authentication])

    def stored_keys(self, keys: "KeyRing") -> tuple[str, ...]:
        """Return the keys under which a store may hold the partition, the current one first."""
        if self._stored is None or self._stored[0] is not keys:
            self._stored = keys, tuple(keys.stored_keys(self.name))
        return self._stored[1]

    @property
    def environment(self) -> str:
        """MSAL's name for the cloud: the authority's host, with its port unless the cloud is a known one."""
        parts = urlsplit(self.authority)
        return parts.hostname if parts.hostname and aliases_of(parts.hostname) else parts.netloc

    @property
    def environments(self) -> frozenset[str]:
        """The names under which MSAL may have filed the same cloud."""
        environment = self.environment
        return aliases_of(environment) or frozenset((environment,))

    @property
    def cache_client_id(self) -> str:
        """The client id of entries: that of on-behalf-of names the assertion, so no other lookup finds them."""
        return f"{self.client_id}:obo:{self.principal}" if self.kind == "obo" else self.client_id

    @property
    def home_account_id(self) -> str | None:
        """The account of entries if the partition is an account's."""
        return self.principal if self.kind == "user" else None


def digest(secret: str | bytes) -> str:
    """Return the SHA-256 of something that must not be kept itself, in hexadecimal."""
    import hashlib

    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()
