"""The base class of the emulated hosts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

if TYPE_CHECKING:
    from webidentity.testing.hosts._identities import HostIdentity, Token, TokenMaker


class HostKind:
    """A kind of host: its environment variables, the requests it accepts, and its responses."""

    #: The base URL while it is not served on a socket.
    address: ClassVar[str] = "http://localhost:40342"
    path: ClassVar[str]
    method: ClassVar[str] = "GET"
    api_version: ClassVar[str | None] = None
    #: The parameters that can select an identity.
    ids: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, tokens: TokenMaker) -> None:
        self.tokens = tokens
        self.secret = secrets.token_hex(16)

    def environment(self, base_url: str) -> dict[str, str]:
        """The environment variables that tell programs where the endpoint is."""
        raise NotImplementedError

    def answer(self, request: TenantRequest) -> TenantResponse:
        """Answer a request."""
        if request.path.rstrip("/") != self.path:
            return self.refuse(404, "not_found", "The endpoint does not exist")
        if request.method != self.method:
            return self.refuse(405, "method_not_allowed", f"The endpoint only accepts {self.method}")
        refusal = self.demand(request)
        if refusal is not None:
            return refusal
        pairs = request.form.pairs if self.method == "POST" else request.query.pairs
        parameters = dict(pairs)
        if self.api_version is not None and parameters.get("api-version") != self.api_version:
            return self.refuse_version(parameters.get("api-version", ""))
        resource = parameters.get("resource")
        if not resource:
            return self.refuse_without_resource()
        identity = self.identity(parameters)
        if isinstance(identity, str):
            return self.refuse_identity(identity)
        token = self.tokens.make(identity, resource)
        if token is None:
            return self.refuse_resource(resource)
        return json_response(200, self.reply(token, identity, parameters))

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the required headers; None accepts it."""
        if (request.header("Metadata") or "") != "true" or request.header("X-Forwarded-For"):
            return self.refuse(400, "invalid_request", "Required metadata header not specified")
        return None

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The requested identity, or an error message."""
        return self.tokens.identities.named(parameters, self.ids)

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a successful response."""
        del parameters
        return {
            "access_token": token.text,
            "client_id": identity.client_id,
            "expires_in": str(token.expires_in),
            "expires_on": str(token.expires_on),
            "ext_expires_in": str(token.expires_in),
            "not_before": str(token.not_before),
            "resource": token.resource,
            "token_type": "Bearer",
        }

    def refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> TenantResponse:
        """An error response."""
        return json_response(status, {"error": code, "error_description": message}, *headers)

    def refuse_version(self, given: str) -> TenantResponse:
        """The error for an unknown API version."""
        del given
        return self.refuse(400, "invalid_request", f"The api-version must be {self.api_version}")

    def refuse_without_resource(self) -> TenantResponse:
        """The error for a missing resource."""
        return self.refuse(400, "invalid_request", "Required query variable 'resource' is missing")

    def refuse_identity(self, reason: str) -> TenantResponse:
        """The error for an unknown identity."""
        return self.refuse(400, "invalid_request", reason)

    def refuse_resource(self, resource: str) -> TenantResponse:
        """The error for a resource that is not registered in the tenant."""
        return self.refuse(
            400,
            "invalid_resource",
            f"AADSTS500011: The resource principal named {resource} was not found in the tenant.",
        )

    def close(self) -> None:
        """Remove the host's files."""
