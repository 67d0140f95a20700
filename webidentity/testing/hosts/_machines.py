"""Machines: virtual machines in Azure, and machines elsewhere that Azure Arc manages.

Follows Microsoft's "How to use managed identities for Azure resources on an Azure VM to acquire an access token" and
"Authenticate against Azure resources with Azure Arc-enabled servers".
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webidentity.testing.hosts._host import HostKind
from webidentity.testing.transports._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    from webidentity.testing.hosts._identities import HostIdentity, Token, TokenMaker


class Imds(HostKind):
    """The instance metadata service of a virtual machine. It requires a header that browsers cannot be made to send."""

    address = "http://169.254.169.254"
    path = "/metadata/identity/oauth2/token"
    api_version = "2018-02-01"
    ids = frozenset({"client_id", "object_id", "msi_res_id"})

    def environment(self, base_url: str) -> dict[str, str]:
        """The variable that replaces the real address."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": base_url}


class AzureArc(HostKind):
    """The agent of Azure Arc. It requires the content of a key file that only programs on the machine can read."""

    path = "/metadata/identity/oauth2/token"
    api_version = "2020-06-01"
    ids = frozenset({"client_id", "object_id", "msi_res_id"})

    def __init__(self, tokens: TokenMaker) -> None:
        super().__init__(tokens)
        #: Whether the agent supports user-assigned identities. An old agent ignores the requested identity.
        self.knows_user_assigned = True
        self._keys: dict[str, Path] = {}
        self._program_data: Path | None = None

    @property
    def program_data(self) -> Path:
        """The folder that PROGRAMDATA names on Windows."""
        if self._program_data is None:
            self._program_data = Path(tempfile.mkdtemp(prefix="arc-"))
        return self._program_data

    @property
    def key_folder(self) -> Path:
        """The folder of the key files."""
        folder = self.program_data / "AzureConnectedMachineAgent" / "Tokens"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoints, and PROGRAMDATA, which locates the key files on Windows."""
        return {
            "IDENTITY_ENDPOINT": f"{base_url}{self.path}",
            "IMDS_ENDPOINT": base_url,
            "PROGRAMDATA": str(self.program_data),
        }

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the content of a key file, and create a new key file."""
        refusal = super().demand(request)
        if refusal is not None:
            return refusal
        scheme, _, key = (request.header("Authorization") or "").partition(" ")
        file = self._keys.pop(key, None) if scheme.lower() == "basic" else None
        if file is None:
            return self.refuse(401, "unauthorized", "The key is missing or wrong", self.challenge())
        file.unlink(missing_ok=True)
        return None

    def challenge(self) -> tuple[str, str]:
        """Create a key file, and return the header with its path."""
        key = secrets.token_hex(32)
        file = self.key_folder / f"{secrets.token_hex(8)}.key"
        file.touch(mode=0o600)
        file.write_text(key, encoding="ascii")
        self._keys[key] = file
        return "WWW-Authenticate", f"Basic realm={file}"

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The requested identity, or the machine's own if the agent is old."""
        ids = self.ids if self.knows_user_assigned else frozenset[str]()
        return self.tokens.identities.named(parameters, ids)

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a successful response. It repeats the ids that were requested."""
        body = super().reply(token, identity, parameters)
        del body["client_id"]
        echoes = {"client_id": identity.client_id, "object_id": identity.object_id, "msi_res_id": identity.resource_id}
        named = self.ids.intersection(parameters) if self.knows_user_assigned else ()
        return {**body, **{name: echoes[name] for name in named}}

    def close(self) -> None:
        """Remove the key files."""
        folder, self._program_data = self._program_data, None
        self._keys.clear()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
