"""Azure Cloud Shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kind import HostKind

if TYPE_CHECKING:
    from .identity import HostIdentity


class CloudShell(HostKind):
    """Takes a form, and lets nobody choose the identity."""

    path = "/oauth2/token"
    method = "POST"

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoint."""
        return {"MSI_ENDPOINT": f"{base_url}{self.path}"}

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The one identity."""
        del parameters
        return self.tokens.identities.named({}, frozenset())
