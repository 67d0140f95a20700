"""Replies of a token endpoint."""

import base64
import json
from typing import Any

from tests.kit.canned import Reply

TENANT = "11111111-1111-1111-1111-111111111111"
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
CLIENT = "33333333-3333-3333-3333-333333333333"
SCOPE = "https://graph.microsoft.com/.default"
AUTHORITY = "https://login.microsoftonline.com"


def encoded(content: dict[str, Any]) -> str:
    """Return the object as unpadded base64url JSON."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def jwt_of(**claims: Any) -> str:
    """Return a token with these claims and an invalid signature."""
    return f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims)}.c2lnbmF0dXJl"


def client_info(user: str = "ada", tenant: str = TENANT) -> str:
    """Return the account that signed in, as Entra adds it to replies."""
    return encoded({"uid": user, "utid": tenant})


def token(access_token: str = "access-token", *, expires_in: object = 3600, **more: Any) -> Reply:
    """Return a success. ``more`` are further fields; None removes one."""
    fields = {"token_type": "Bearer", "access_token": access_token, "expires_in": expires_in, **more}
    return Reply({name: value for name, value in fields.items() if value is not None})


def user_token(access_token: str = "access-token", *, user: str = "ada", **more: Any) -> Reply:
    """Return a success for a user, with a refresh token unless ``refresh_token`` says otherwise."""
    claims = {"oid": user, "sub": f"sub-{user}", "tid": TENANT, "preferred_username": f"{user}@tenant.test"}
    fields = {"refresh_token": "refresh-token-1", "client_info": client_info(user), "id_token": jwt_of(**claims)}
    return token(access_token, **{**fields, **more})


def refusal(error: str = "invalid_grant", description: str = "Refused.", *, status: int = 400, **more: Any) -> Reply:
    """Return an error reply."""
    return Reply({"error": error, "error_description": description, **more}, status)
