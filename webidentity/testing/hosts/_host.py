"""What the kinds of hosts have in common."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

if TYPE_CHECKING:
    from ._identities import HostIdentity, Token, TokenMaker


class HostKind:
    """One kind of host: how it is found, what it demands, and how it answers."""

    #: Where it is when it is not served on a socket.
    address: ClassVar[str] = "http://localhost:40342"
    path: ClassVar[str]
    method: ClassVar[str] = "GET"
    api_version: ClassVar[str | None] = None
    #: The parameters by which an identity can be named.
    ids: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, tokens: TokenMaker) -> None:
        self.tokens = tokens
        self.secret = secrets.token_hex(16)

    def environment(self, base_url: str) -> dict[str, str]:
        """The variables by which programs on the host find it."""
        raise NotImplementedError

    def answer(self, request: TenantRequest) -> TenantResponse:
        """Answer a request."""
        if request.path.rstrip("/") != self.path:
            return self.refuse(404, "not_found", "The endpoint does not exist")
        if request.method != self.method:
            return self.refuse(405, "method_not_allowed", f"The endpoint takes {self.method}")
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
        """Refuse a request that lacks what the host demands."""
        if (request.header("Metadata") or "") != "true" or request.header("X-Forwarded-For"):
            return self.refuse(400, "invalid_request", "Required metadata header not specified")
        return None

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The identity that is meant, or why there is none."""
        return self.tokens.identities.named(parameters, self.ids)

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a success."""
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
        """A refusal."""
        return json_response(status, {"error": code, "error_description": message}, *headers)

    def refuse_version(self, given: str) -> TenantResponse:
        """A refusal of a version that the host does not know."""
        del given
        return self.refuse(400, "invalid_request", f"The api-version must be {self.api_version}")

    def refuse_without_resource(self) -> TenantResponse:
        """A refusal of a request for nothing."""
        return self.refuse(400, "invalid_request", "Required query variable 'resource' is missing")

    def refuse_identity(self, reason: str) -> TenantResponse:
        """A refusal of an identity that is not here."""
        return self.refuse(400, "invalid_request", reason)

    def refuse_resource(self, resource: str) -> TenantResponse:
        """A refusal of a resource that the tenant does not have."""
        return self.refuse(
            400,
            "invalid_resource",
            f"AADSTS500011: The resource principal named {resource} was not found in the tenant.",
        )

    def close(self) -> None:
        """Leave nothing behind."""
