"""Managed identities of a host, and the tokens that it issues for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webidentity.testing._tenant import LocalTenant
    from webidentity.testing.directory._model import App


_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/test/providers"
#: The parameters that select an identity, in all versions of the endpoints, and the id that each one is.
_NAMES = {
    "client_id": "client_id",
    "clientid": "client_id",
    "object_id": "object_id",
    "principal_id": "object_id",
    "msi_res_id": "resource_id",
    "mi_res_id": "resource_id",
}


@dataclass(frozen=True, slots=True)
class HostIdentity:
    """A managed identity: an application of the tenant for which the host issues tokens."""

    app: App
    resource_id: str

    @property
    def client_id(self) -> str:
        """The id for ``ManagedIdentityCredential(client_id=...)``."""
        return self.app.client_id

    @property
    def object_id(self) -> str:
        """The id for ``identity_config={"object_id": ...}``."""
        return self.app.object_id


@dataclass(slots=True)
class Identities:
    """The identities that are assigned to a host."""

    system_assigned: HostIdentity | None = None
    user_assigned: list[HostIdentity] = field(default_factory=list[HostIdentity])

    def named(self, parameters: dict[str, str], known: frozenset[str]) -> HostIdentity | str:
        """The requested identity, or an error message.

        :param known: the parameters that this kind of host supports. As in Azure, others are ignored.
        """
        named = {_NAMES[name]: value.lower() for name, value in parameters.items() if name in known}
        if len(named) > 1:
            return "Only one of the identity's ids may be given"
        for attribute, value in named.items():
            everyone = [*self.user_assigned, *([self.system_assigned] if self.system_assigned else [])]
            return next((each for each in everyone if getattr(each, attribute).lower() == value), "Identity not found")
        if self.system_assigned:
            return self.system_assigned
        if len(self.user_assigned) > 1:
            return (
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in "
                "the token request"
            )
        return self.user_assigned[0] if self.user_assigned else "Identity not found"


def resource_id_of(provider: str, name: str) -> str:
    """The Azure resource id of an identity or a machine."""
    return f"{_GROUP}/{provider}/{name}"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, with its times in seconds since the epoch."""

    text: str = field(repr=False)
    resource: str
    not_before: int
    expires_on: int

    @property
    def expires_in(self) -> int:
        """The lifetime in seconds."""
        return self.expires_on - self.not_before


@dataclass(slots=True)
class TokenMaker:
    """Issues a host's tokens. The tenant signs them, so its protected APIs accept them.

    ``knows_every_resource`` registers unknown resources when they are requested.
    """

    tenant: LocalTenant
    knows_every_resource: bool
    lifetime: int
    clock: Callable[[], float] = time.time
    identities: Identities = field(default_factory=Identities)

    def make(self, identity: HostIdentity, resource: str) -> Token | None:
        """Issue a token for an identity and a resource; None if the resource is not registered in the tenant."""
        app = self._resource(resource)
        if app is None:
            return None
        now = int(self.clock())
        text = self.tenant.mint_access_token(
            client=identity.app,
            resource=app,
            iat=now,
            nbf=now,
            exp=now + self.lifetime,
            xms_mirid=identity.resource_id,
        )
        return Token(text, resource, now, now + self.lifetime)

    def _resource(self, resource: str) -> App | None:
        wanted = resource.rstrip("/").casefold()
        for app in self.tenant.apps:
            if wanted in {app.identifier_uri.rstrip("/").casefold(), app.client_id.casefold()}:
                return app
        return self.tenant.add_app(resource, identifier_uri=resource) if self.knows_every_resource else None
