"""The Managed Identity Token Service of a Service Fabric cluster.

Microsoft's "How to leverage a Service Fabric application's managed identity to access Azure services".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webidentity.testing.json_reply import json_response
from webidentity.testing.request import TenantRequest, TenantResponse

from .certificate import ServerCertificate
from .kind import HostKind

if TYPE_CHECKING:
    from .identity import HostIdentity
    from .tokens import Token, TokenMaker


class ServiceFabric(HostKind):
    """Demands a code that only its own programs know, and has a certificate that they know by its thumbprint."""

    address = "https://localhost:2377"
    path = "/metadata/identity/oauth2/token"
    api_version = "2019-07-01-preview"

    def __init__(self, tokens: TokenMaker) -> None:
        super().__init__(tokens)
        self.certificate = ServerCertificate()

    def environment(self, base_url: str) -> dict[str, str]:
        """Endpoint, code and thumbprint."""
        return {
            "IDENTITY_ENDPOINT": f"{base_url}{self.path}",
            "IDENTITY_HEADER": self.secret,
            "IDENTITY_SERVER_THUMBPRINT": self.certificate.thumbprint,
        }

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the code, or with one that belongs to no application."""
        given = request.header("Secret")
        if given is None:
            return self.refuse(400, "SecretHeaderNotFound", "Secret is not found in the request headers.")
        return None if given == self.secret else self.refuse_identity("")

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The one identity that the application has."""
        del parameters
        return self.tokens.identities.named({}, frozenset())

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a success, whose time is a number."""
        del identity, parameters
        return {
            "token_type": "Bearer",
            "access_token": token.text,
            "expires_on": token.expires_on,
            "resource": token.resource,
        }

    def refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> TenantResponse:
        """A refusal."""
        error = {"correlationId": str(uuid.uuid4()), "code": code, "message": message}
        return json_response(status, {"error": error}, *headers)

    def refuse_version(self, given: str) -> TenantResponse:
        """A refusal of a version that the host does not know."""
        message = f"The api-version '{given}' is not supported. Supported version is '{self.api_version}'."
        return self.refuse(400, "InvalidApiVersion", message)

    def refuse_without_resource(self) -> TenantResponse:
        """A refusal of a request for nothing."""
        message = "The parameter 'resource' should not be null or empty string."
        return self.refuse(400, "ArgumentNullOrEmpty", message)

    def refuse_identity(self, reason: str) -> TenantResponse:
        """A refusal of an application without an identity."""
        del reason
        message = "Managed identity not found for the specified application host."
        return self.refuse(404, "ManagedIdentityNotFound", message)

    def refuse_resource(self, resource: str) -> TenantResponse:
        """A refusal of a resource that the tenant does not have: as the real one, it says little."""
        del resource
        return self.refuse(500, "InternalServerError", "An error occurred.")
