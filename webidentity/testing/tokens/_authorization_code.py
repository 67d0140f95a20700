"""The authorization code grant (RFC 6749, section 4.1, and RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import IssuedCode, TenantState
from webidentity.testing.policies._scopes import RequestedScopes, parse_scopes
from webidentity.testing.tokens._token_reply import TokenOrder, delegated_reply, revoked_grant
from webidentity.testing.transports._messages import Parameters


def redeem_code(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Redeem a code, once. A second redemption is refused and revokes the tokens of the first one."""
    value = form.require("code")
    redirect_uri = form.require("redirect_uri")
    code = state.codes.get(value)
    if code is None or code.authorization.client.client_id != client.client_id:
        raise TenantError(70000, "The provided value for the 'code' parameter is not valid.")
    if code.redeemed:
        state.revoked_grants.put(code.authorization.grant_id, True)
        raise TenantError(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
    _check(state, code, redirect_uri, form.get("code_verifier"))
    scopes = _scopes(state, code, form.get("scope"), client)
    order = TokenOrder(
        authorization=code.authorization,
        scopes=scopes,
        refresh_token="offline_access" in scopes.oidc,
        id_token="openid" in scopes.oidc,
        nonce=code.nonce,
        auth_time=code.wants_auth_time,
    )
    reply = delegated_reply(state, form, order)
    state.codes.put(value, replace(code, redeemed=True))
    return reply


def _check(state: TenantState, code: IssuedCode, redirect_uri: str, verifier: str | None) -> None:
    if code.expires_at <= state.clock():
        raise TenantError(70008, "The provided authorization code or refresh token has expired. Sign in again.")
    if code.authorization.epoch != state.directory.epoch(code.authorization.user):
        raise revoked_grant()
    if code.redirect_uri != redirect_uri:
        raise TenantError(
            500112,
            f"The reply address '{redirect_uri}' does not match the reply address '{code.redirect_uri}' provided when "
            "requesting Authorization code.",
        )
    if not _verifier_fits(code, verifier):
        raise TenantError(
            501481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request for PKCE.",
        )


def _verifier_fits(code: IssuedCode, verifier: str | None) -> bool:
    if code.code_challenge is None or verifier is None:
        return code.code_challenge is None and verifier is None
    derived = verifier.encode()
    if code.code_challenge_method == "S256":
        derived = base64.urlsafe_b64encode(hashlib.sha256(derived).digest()).rstrip(b"=")
    return hmac.compare_digest(derived, code.code_challenge.encode())


def _scopes(state: TenantState, code: IssuedCode, scope: str | None, client: App) -> RequestedScopes:
    authorized = parse_scopes(code.authorization.scope, state.directory, client=client)
    if scope is None:
        return RequestedScopes(authorized.oidc, authorized.resources[:1])
    asked = parse_scopes(scope, state.directory, client=client)
    return RequestedScopes(authorized.oidc, asked.resources)
