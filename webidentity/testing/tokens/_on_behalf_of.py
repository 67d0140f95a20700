"""The on-behalf-of grant: an API calls another API for its user (Microsoft's extension of RFC 7523)."""

from __future__ import annotations

import secrets
from typing import Any

import jwt

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App, User
from webidentity.testing.directory._state import Authorization, TenantState
from webidentity.testing.policies._scopes import parse_scopes
from webidentity.testing.tokens._token_reply import TokenOrder, delegated_reply, revoked_grant
from webidentity.testing.transports._messages import Parameters


def exchange_assertion(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Exchange an access token that was issued for this API for tokens of the same user."""
    assertion = form.require("assertion")
    if form.require("requested_token_use") != "on_behalf_of":
        raise TenantError(9002313, "Invalid request. 'requested_token_use' must be 'on_behalf_of'.")
    scope = form.require("scope")
    if client.public_client:
        raise TenantError(7000114, f"Application '{client.client_id}' is a public client and cannot act on behalf of.")
    claims = _verified(state, client, assertion)
    user = _user(state, client, claims)
    scopes = parse_scopes(scope, state.directory, client=client)
    acrs = claims.get("acrs", ())
    authorization = Authorization(
        grant_id=secrets.token_urlsafe(16),
        user=user,
        client=client,
        scope=scope,
        sid=str(claims.get("sid", "")),
        auth_time=int(claims.get("iat", 0)),
        epoch=state.directory.epoch(user),
        acrs=frozenset([acrs] if isinstance(acrs, str) else acrs),
    )
    order = TokenOrder(
        authorization=authorization,
        scopes=scopes,
        refresh_token="offline_access" in scopes.oidc,
        id_token="openid" in scopes.oidc,
    )
    return delegated_reply(state, form, order)


def _verified(state: TenantState, client: App, assertion: str) -> dict[str, Any]:
    try:
        claims = state.keys.verify_signature(assertion)
    except jwt.InvalidSignatureError:
        raise TenantError(50013, "Assertion failed signature validation. Reason - The key was not found.") from None
    except jwt.InvalidTokenError:
        raise TenantError(50027, "JWT token is invalid or malformed.") from None
    if claims.get("iss") != state.issuer or claims.get("tid") != state.tenant_id:
        raise TenantError(50013, "Assertion failed signature validation. Reason - The issuer is not this tenant.")
    if claims.get("aud") not in (client.client_id, client.identifier_uri):
        raise TenantError(
            500131,
            "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion "
            f"was '{claims.get('aud')}' and the expected audience is '{client.client_id}'.",
        )
    begins, ends = claims.get("nbf", 0), claims.get("exp")
    if not isinstance(begins, int) or not isinstance(ends, int) or not begins <= state.now() < ends:
        raise TenantError(
            500133, "Assertion is not within its valid time range. Ensure that the access token is not expired."
        )
    return claims


def _user(state: TenantState, client: App, claims: dict[str, Any]) -> User:
    if claims.get("idtyp") == "app" or ("scp" not in claims and "azp" in claims):
        raise TenantError(
            7000114, f"Application '{client.client_id}' is not allowed to make application on-behalf-of calls."
        )
    if "scp" not in claims:
        raise TenantError(
            240002, "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."
        )
    user = state.directory.users.get(str(claims.get("oid")))
    if user is None:
        raise TenantError(50034, "The user account of the assertion does not exist in the directory.")
    if state.is_revoked(user, claims.get("uti"), claims.get("iat", 0)):
        raise revoked_grant()
    return user
