"""The refresh token grant (RFC 6749, section 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import IssuedRefreshToken, TenantState
from webidentity.testing.policies._scopes import RequestedScopes, parse_scopes
from webidentity.testing.tokens._token_reply import TokenOrder, delegated_reply, revoked_grant
from webidentity.testing.transports._messages import Parameters


def redeem_refresh_token(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Issue tokens for any resource that the user has consented to for this client, and a new refresh token."""
    value = form.require("refresh_token")
    token = state.refresh_tokens.get(value)
    if token is None or not _may_redeem(client, token.authorization.client):
        raise TenantError(70000, "The provided value for the 'refresh_token' parameter is not valid.")
    _check(state, token)
    authorized = parse_scopes(token.authorization.scope, state.directory, client=client)
    asked = parse_scopes(form.get("scope") or token.authorization.scope, state.directory, client=client)
    scopes = RequestedScopes(authorized.oidc, asked.resources if form.get("scope") else authorized.resources[:1])
    authorization = replace(token.authorization, client=client)
    order = TokenOrder(authorization=authorization, scopes=scopes, refresh_token=True, id_token="openid" in scopes.oidc)
    reply = delegated_reply(state, form, order)
    if state.single_use_refresh_tokens:
        state.refresh_tokens.put(value, replace(token, used=True))
    return reply


def _may_redeem(client: App, issued_for: App) -> bool:
    """A refresh token belongs to its client, or to Microsoft's family of client ids."""
    return client.client_id == issued_for.client_id or (client.family and issued_for.family)


def _check(state: TenantState, token: IssuedRefreshToken) -> None:
    authorization = token.authorization
    if token.expires_at <= state.clock():
        raise TenantError(700082, "The refresh token has expired due to inactivity. Sign in again.")
    if token.used:
        state.revoked_grants.put(authorization.grant_id, True)
    revoked = state.revoked_grants.get(authorization.grant_id) is not None
    if revoked or authorization.epoch != state.directory.epoch(authorization.user):
        raise revoked_grant()
