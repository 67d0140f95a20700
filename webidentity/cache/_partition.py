"""Partitions: whose tokens an entry of the cache holds."""

import json
from typing import NamedTuple
from urllib.parse import urlsplit

#: The hosts of each cloud: MSAL files the tokens of one cloud under whichever of its hosts was asked.
_CLOUDS = (
    frozenset(("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")),
    frozenset(("login.partner.microsoftonline.cn", "login.chinacloudapi.cn")),
    frozenset(("login.microsoftonline.us", "login.usgovcloudapi.net")),
    frozenset(("login-us.microsoftonline.com",)),
    frozenset(("login.microsoftonline.de",)),
    frozenset(("login.sovcloud-identity.fr",)),
    frozenset(("login.sovcloud-identity.de",)),
    frozenset(("login.sovcloud-identity.sg",)),
)
_BY_HOST = {host: cloud for cloud in _CLOUDS for host in cloud}


class Partition(NamedTuple):
    """Names one set of tokens that belong to one principal, one client, one authority and one tenant.

    Two callers reach the same tokens only if every part is equal.
    """

    kind: str
    client_id: str
    authority: str
    tenant: str
    #: Home account id of a user, digest of an assertion, digest of a client's secret, or a host's endpoint.
    principal: str
    #: Digest of the client's proof where the principal does not already say who may use the tokens.
    authentication: str = ""

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

    @property
    def name(self) -> str:
        """The parts as one text; no two partitions have the same."""
        return json.dumps([self.kind, self.client_id, self.authority, self.tenant, self.principal, self.authentication])

    @property
    def environment(self) -> str:
        """MSAL's name for the cloud: the authority's host, with its port unless the cloud is a known one."""
        parts = urlsplit(self.authority)
        return parts.hostname if parts.hostname and _aliases_of(parts.hostname) else parts.netloc

    @property
    def environments(self) -> frozenset[str]:
        """The names under which MSAL may have filed the same cloud."""
        environment = self.environment
        return _aliases_of(environment) or frozenset((environment,))

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


def _aliases_of(host: str) -> frozenset[str]:
    """Return all hosts of the host's cloud, itself among them; none if the cloud is not a known one."""
    return _BY_HOST.get(host, frozenset())
