"""Partitions: which tokens belong together, and who may use them."""

import json
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from webidentity._authority import cloud_hosts

if TYPE_CHECKING:  # imported lazily with cryptography
    from webidentity.cache._envelope import KeyRing


class _Parts(NamedTuple):
    kind: str
    client_id: str
    authority: str
    tenant: str
    #: Home account id of a user, digest of a user assertion, digest of a client's secret, or the endpoint of a host.
    principal: str
    #: Digest of the client authentication, where the principal does not already decide who may use the tokens.
    authentication: str = ""


class Partition(_Parts):
    """Identifies the tokens of one principal, client, authority and tenant.

    Two callers get the same tokens only if all fields are equal.
    """

    _stored: "tuple[KeyRing, tuple[str, ...]] | None" = None

    def __getstate__(self) -> None:
        """Pickle the parts only: the cached names hold a key ring."""

    @classmethod
    def user(cls, *, client_id: str, authority: str, tenant: str, home_account_id: str) -> "Partition":
        """Return the partition of a signed-in user."""
        return _of_user(client_id, authority, tenant, home_account_id)

    @classmethod
    def on_behalf_of(
        cls, *, client_id: str, authority: str, tenant: str, assertion: str, authentication: str
    ) -> "Partition":
        """Return the partition of the tokens acquired on behalf of one user assertion."""
        return cls("obo", client_id.lower(), authority, tenant.lower(), digest(assertion), authentication)

    @classmethod
    def app(cls, *, client_id: str, authority: str, tenant: str, authentication: str) -> "Partition":
        """Return the partition of the application's own tokens."""
        return cls("app", client_id.lower(), authority, tenant.lower(), authentication)

    @classmethod
    def host(cls, *, source: str, endpoint: str, identity_kind: str, identity: str, authentication: str) -> "Partition":
        """Return the partition of a managed identity's tokens, with MSAL's names for client, authority and tenant.

        :param identity_kind: which kind of id ``identity`` is; "" for the system-assigned identity.
        """
        client_id = identity.lower() or "system_assigned_managed_identity"
        where = json.dumps([source, endpoint, identity_kind])
        return cls("host", client_id, "https://localhost", "managed_identity", where, authentication)

    @classmethod
    def shared(cls, what: str, number: int) -> "Partition":
        """Return one of a limited number of partitions that belong to no user and have no tokens."""
        return cls("shared", what, "", "", str(number))

    @cached_property
    def name(self) -> str:
        """The parts as one text; no two partitions have the same."""
        return json.dumps([self.kind, self.client_id, self.authority, self.tenant, self.principal, self.authentication])

    def stored_keys(self, keys: "KeyRing") -> tuple[str, ...]:
        """Return the keys under which a store may hold the partition, the current one first."""
        # A local variable: another thread may use the same partition with another key ring.
        stored = self._stored
        if stored is None or stored[0] is not keys:
            self._stored = stored = keys, tuple(keys.stored_keys(self.name))
        return stored[1]

    @property
    def environment(self) -> str:
        """MSAL's name for the cloud: the authority's host, with its port if it is not a host of a known cloud."""
        parts = urlsplit(self.authority)
        return parts.hostname if parts.hostname and cloud_hosts(parts.hostname) else parts.netloc

    @property
    def environments(self) -> frozenset[str]:
        """All names under which MSAL may have stored tokens of the same cloud."""
        environment = self.environment
        return cloud_hosts(environment) or frozenset((environment,))

    @property
    def cache_client_id(self) -> str:
        """The client id in cache entries. For on-behalf-of it includes the assertion, so that other lookups miss."""
        return f"{self.client_id}:obo:{self.principal}" if self.kind == "obo" else self.client_id

    @property
    def home_account_id(self) -> str | None:
        """The account in cache entries; None if the partition does not belong to a user."""
        return self.principal if self.kind == "user" else None


@lru_cache(maxsize=4096)  # Partitions of the users whose requests arrive keep their names.
def _of_user(client_id: str, authority: str, tenant: str, home_account_id: str) -> Partition:
    return Partition("user", client_id.lower(), authority, tenant.lower(), home_account_id)


def digest(secret: str | bytes) -> str:
    """Return the SHA-256, in hexadecimal, of a secret that must not be kept itself."""
    import hashlib

    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()
