"""The instance metadata service of a virtual machine.

Microsoft's "How to use managed identities for Azure resources on an Azure VM to acquire an access token".
"""

from __future__ import annotations

from .kind import HostKind


class Imds(HostKind):
    """Demands a header that no forged request has."""

    address = "http://169.254.169.254"
    path = "/metadata/identity/oauth2/token"
    api_version = "2018-02-01"
    ids = frozenset({"client_id", "object_id", "msi_res_id"})

    def environment(self, base_url: str) -> dict[str, str]:
        """The variable that names another place than the real one."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": base_url}
