"""App Service and Functions.

Microsoft's "How to use managed identities for App Service and Azure Functions", REST endpoint reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webidentity.testing.json_reply import json_response
from webidentity.testing.request import TenantRequest, TenantResponse

from .kind import HostKind

if TYPE_CHECKING:
    from .identity import HostIdentity
    from .tokens import Token


class AppService(HostKind):
    """Demands a header whose value only its own programs know."""

    path = "/msi/token"
    api_version = "2019-08-01"
    ids = frozenset({"client_id", "object_id", "principal_id", "mi_res_id"})

    def environment(self, base_url: str) -> dict[str, str]:
        """Endpoint and header."""
        return {"IDENTITY_ENDPOINT": f"{base_url}{self.path}", "IDENTITY_HEADER": self.secret}

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the header, or with another value."""
        given = request.header("X-IDENTITY-HEADER")
        if given is None:
            return self.refuse(401, "", "The X-IDENTITY-HEADER header is missing")
        return None if given == self.secret else self.refuse(403, "", "The value of X-IDENTITY-HEADER is wrong")

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a success, which says when the token expires and not in how many seconds."""
        body = super().reply(token, identity, parameters)
        return {name: body[name] for name in ("access_token", "client_id", "expires_on", "resource", "token_type")}

    def refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> TenantResponse:
        """A refusal."""
        del code
        return json_response(status, {"statusCode": status, "message": message}, *headers)

    def refuse_identity(self, reason: str) -> TenantResponse:
        """A refusal of an identity that is not here."""
        del reason
        return self.refuse(
            400,
            "",
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        )

    def refuse_resource(self, resource: str) -> TenantResponse:
        """A refusal of a resource that the tenant does not have: as the real one, it says little."""
        del resource
        return self.refuse(500, "", "An unexpected error occured while fetching the AAD Token.")
