"""The tokens that a host hands out: its tenant signs them, so a protected API of that tenant accepts them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .identity import HostIdentity, Identities

if TYPE_CHECKING:
    from webidentity.testing.model import App
    from webidentity.testing.tenant import LocalTenant


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its times, in seconds since the epoch."""

    text: str = field(repr=False)
    resource: str
    not_before: int
    expires_on: int

    @property
    def expires_in(self) -> int:
        """For how long it is valid."""
        return self.expires_on - self.not_before


@dataclass(slots=True)
class TokenMaker:
    """Makes a host's tokens.

    ``knows_every_resource`` registers resources as they are asked for.
    """

    tenant: LocalTenant
    knows_every_resource: bool
    lifetime: int
    clock: Callable[[], float] = time.time
    identities: Identities = field(default_factory=Identities)

    def make(self, identity: HostIdentity, resource: str) -> Token | None:
        """A token of the identity for the resource; None if the tenant has no such resource."""
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
