"""A small Microsoft Graph: the profile of the signed-in user.

Errors have Graph's format, and a client that declares ``cp1`` receives a claims challenge after its user was revoked
(Microsoft's "Claims challenges, claims requests and client capabilities").
"""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt

from webidentity.testing.directory._model import GRAPH_URI, User
from webidentity.testing.directory._state import TenantState
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response


class GraphError(Exception):
    """An error: the status, Graph's code, and the challenge for the ``WWW-Authenticate`` header."""

    def __init__(self, status: int, code: str, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.challenge = challenge


def answer_graph(state: TenantState, request: TenantRequest, path: str) -> TenantResponse:
    """Answer ``v1.0/me`` with the profile of the bearer token's user."""
    try:
        _check_resource(request, path)
        return json_response(200, _profile(state, _bearer_claims(state, request)))
    except GraphError as error:
        headers = [("WWW-Authenticate", error.challenge)] if error.challenge else []
        body: dict[str, Any] = {"error": {"code": error.code, "message": error.message, "innerError": {}}}
        return json_response(error.status, body, *headers)


def _check_resource(request: TenantRequest, path: str) -> None:
    if path != "v1.0/me":
        raise GraphError(404, "ResourceNotFound", "The local tenant's Graph has only /v1.0/me.")
    if request.method != "GET":
        raise GraphError(405, "Request_BadRequest", "This resource can only be read.")


def _bearer_claims(state: TenantState, request: TenantRequest) -> dict[str, Any]:
    scheme, _, token = (request.header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated(state, "Access token is empty.")
    try:
        claims = state.keys.verify_signature(token.strip())
    except jwt.InvalidTokenError:
        raise _unauthenticated(state, "Access token validation failure. Invalid signature.") from None
    if claims.get("iss") != state.issuer or claims.get("tid") != state.tenant_id:
        raise _unauthenticated(state, "Access token validation failure. Invalid issuer.")
    if claims.get("aud") != GRAPH_URI:
        raise _unauthenticated(state, "Access token validation failure. Invalid audience.")
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= state.now():
        raise _unauthenticated(state, "Lifetime validation failed, the token is expired.")
    return claims


def _profile(state: TenantState, claims: dict[str, Any]) -> dict[str, Any]:
    if "User.Read" not in str(claims.get("scp", "")).split():
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    user = state.directory.users.get(str(claims.get("oid")))
    if user is None:
        raise GraphError(404, "Request_ResourceNotFound", "The user of the token does not exist.")
    _evaluate_access(state, user, claims)
    return {
        "@odata.context": f"{state.base_url}/graph/v1.0/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": user.name,
        "givenName": user.given_name,
        "jobTitle": user.job_title,
        "mail": user.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": user.surname,
        "userPrincipalName": user.username,
        "id": user.object_id,
    }


def _evaluate_access(state: TenantState, user: User, claims: dict[str, Any]) -> None:
    """Continuous access evaluation: clients that declare ``cp1`` are challenged before their token expires."""
    capabilities = [str(value).lower() for value in claims.get("xms_cc", [])]
    if "cp1" not in capabilities or not state.is_revoked(user, claims.get("uti"), claims.get("iat", 0)):
        return
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(state.now())}}}
    encoded = base64.b64encode(json.dumps(wanted, separators=(",", ":")).encode()).decode("ascii")
    raise _unauthenticated(
        state,
        "Continuous access evaluation resulted in challenge with result: InteractionRequired.",
        f', error="insufficient_claims", claims="{encoded}"',
    )


def _unauthenticated(state: TenantState, message: str, parameters: str = "") -> GraphError:
    challenge = (
        f'Bearer realm="", authorization_uri="{state.base_url}/common/oauth2/authorize", '
        f'client_id="00000003-0000-0000-c000-000000000000"{parameters}'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, challenge)
