"""The successful response of the token endpoint (RFC 6749, section 5.1), in Entra's format."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App, User
from webidentity.testing.directory._state import Authorization, IssuedRefreshToken, TenantState, new_session_id
from webidentity.testing.policies._conditional_access import check_conditional_access, client_capabilities, parse_claims
from webidentity.testing.policies._scopes import RequestedScopes, granted_scopes, scope_reply
from webidentity.testing.tokens._claims import (
    AccessTokenSubject,
    access_token_claims,
    client_info,
    graph_scopes,
    id_token_claims,
)
from webidentity.testing.transports._messages import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOrder:
    """The tokens that a delegated grant issues: the user's authorization, and the scopes requested now."""

    authorization: Authorization
    scopes: RequestedScopes
    refresh_token: bool
    id_token: bool
    nonce: str | None = None
    auth_time: bool = False


def delegated_reply(state: TenantState, form: Parameters, order: TokenOrder) -> dict[str, Any]:
    """Issue tokens for a user, after checking consent and conditional access."""
    authorization = order.authorization
    user, client = authorization.user, authorization.client
    requested = order.scopes.single_resource(state.directory)
    resource = requested.resource
    scopes = granted_scopes(state.directory, user, client, requested)
    claims = parse_claims(form.get("claims"))
    check_conditional_access(state.directory, user, resource, claims=form.get("claims"), held=authorization.acrs)
    listed = scopes
    if resource is state.directory.graph:
        consented = state.directory.consented(user, client, resource) if requested.default else frozenset[str]()
        listed = (*scopes, *graph_scopes(order.scopes.oidc | consented))
    token = access_token_claims(
        state,
        AccessTokenSubject(
            client=client,
            resource=resource,
            user=user,
            scopes=listed,
            sid=authorization.sid,
            acrs=authorization.acrs,
            capabilities=client_capabilities(claims) or authorization.capabilities,
        ),
    )
    reply = bearer_reply(state, token, scope_reply(requested, scopes, order.scopes.oidc))
    if order.refresh_token:
        reply["refresh_token"] = issue_refresh_token(state, authorization)
        if client.family:
            # Microsoft has one family of client ids, and this is its id.
            reply["foci"] = "1"
    if order.id_token:
        id_claims = id_token_claims(
            state, authorization, order.scopes.oidc, nonce=order.nonce, auth_time=order.auth_time
        )
        reply["id_token"] = state.keys.current.sign(id_claims)
    if form.get("client_info") == "1":
        reply["client_info"] = client_info(state, user)
    return reply


def bearer_reply(state: TenantState, claims: Mapping[str, Any], scope: str | None = None) -> dict[str, Any]:
    """The members of every successful response, with a signed access token."""
    reply: dict[str, Any] = {"token_type": "Bearer"}
    if scope is not None:
        reply["scope"] = scope
    reply |= {"expires_in": state.access_token_lifetime, "ext_expires_in": state.access_token_lifetime}
    if state.refresh_in is not None:
        reply["refresh_in"] = state.refresh_in
    return reply | {"access_token": state.keys.current.sign(claims)}


def issue_refresh_token(state: TenantState, authorization: Authorization) -> str:
    """Issue a refresh token for an authorization."""
    value = f"1.{secrets.token_urlsafe(48)}"
    expires_at = state.clock() + state.refresh_token_lifetime
    state.refresh_tokens.put(value, IssuedRefreshToken(authorization=authorization, expires_at=expires_at))
    return value


def direct_order(state: TenantState, client: App, user: User, *, scope: str, scopes: RequestedScopes) -> TokenOrder:
    """The order for a user who authenticates in the token request itself, without a page."""
    authorization = Authorization(
        grant_id=secrets.token_urlsafe(16),
        user=user,
        client=client,
        scope=scope,
        sid=new_session_id(),
        auth_time=state.now(),
        epoch=state.directory.epoch(user),
    )
    return TokenOrder(
        authorization=authorization,
        scopes=scopes,
        refresh_token="offline_access" in scopes.oidc,
        id_token="openid" in scopes.oidc,
    )


def revoked_grant() -> TenantError:
    """The error for a revoked grant (AADSTS50173)."""
    return TenantError(
        50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. Sign in again."
    )
