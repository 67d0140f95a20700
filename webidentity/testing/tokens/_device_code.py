"""The device code grant (RFC 8628, sections 3.4 and 3.5; Microsoft's "OAuth 2.0 device authorization grant")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import Authorization, IssuedDeviceCode, TenantState
from webidentity.testing.policies._conditional_access import authentication_contexts, parse_claims, satisfy_claims
from webidentity.testing.policies._scopes import RequestedScopes, parse_scopes
from webidentity.testing.tokens._token_reply import TokenOrder, delegated_reply, revoked_grant
from webidentity.testing.transports._messages import Parameters

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

#: Seconds that ``slow_down`` adds to the polling interval (RFC 8628, section 3.5).
_SLOW_DOWN_STEP = 5

#: Seconds by which a poll may be early, for clients whose clock differs slightly.
_TOLERANCE = 1


def redeem_device_code(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Issue tokens once the user has approved. Until then, raise the error for the code's state."""
    # In the first version of the endpoint, the parameter is named "code".
    value = form.get("device_code") or form.get("code") or form.require("device_code")
    code = state.device_codes.get(value)
    if code is None or code.client.client_id != client.client_id:
        raise TenantError(70018, "The provided value for the 'device_code' parameter is not known. Start again.")
    if code.redeemed:
        raise TenantError(54005, "OAuth2 device code was already redeemed, please start again with a new one.")
    if code.declined:
        raise TenantError(70017, "OAuth 2.0 device flow error. The user declined the sign-in.")
    if code.expires_at <= state.clock():
        raise TenantError(70020, "The provided value for the 'device_code' parameter is not valid: it has expired.")
    if code.authorization is None:
        raise _not_yet(state, code)
    authorization = _with_claims(state, code, code.authorization, form.get("claims"))
    if authorization.epoch != state.directory.epoch(authorization.user):
        raise revoked_grant()
    authorized = parse_scopes(authorization.scope, state.directory, client=client)
    asked = parse_scopes(form.get("scope") or "", state.directory, client=client)
    scopes = RequestedScopes(authorized.oidc, asked.resources or authorized.resources[:1])
    order = TokenOrder(
        authorization=authorization,
        scopes=scopes,
        refresh_token="offline_access" in scopes.oidc,
        id_token="openid" in scopes.oidc,
    )
    reply = delegated_reply(state, form, order)
    state.device_codes.put(value, replace(code, redeemed=True))
    return reply


def _not_yet(state: TenantState, code: IssuedDeviceCode) -> TenantError:
    now = state.clock()
    early = code.polled_at is not None and now - code.polled_at < code.interval - _TOLERANCE
    if state.slow_down and early:
        state.device_codes.put(code.value, replace(code, polled_at=now, interval=code.interval + _SLOW_DOWN_STEP))
        return TenantError(50196, "OAuth 2.0 device flow error. The device polls too often: increase the interval.")
    state.device_codes.put(code.value, replace(code, polled_at=now))
    return TenantError(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")


def _with_claims(
    state: TenantState, code: IssuedDeviceCode, authorization: Authorization, claims: str | None
) -> Authorization:
    """Treat a sign-in that was made for this code as one that satisfies these claims.

    MSAL sends the claims of a challenge in the token request, not in the request for the code, so the sign-in page did
    not see them. An account that was signed in before the code was issued does not satisfy them.
    """
    asked = authentication_contexts(parse_claims(claims))
    if claims is None or authorization.auth_time < int(code.issued_at):
        return authorization
    satisfy_claims(state.directory, authorization.user, claims)
    return replace(authorization, acrs=authorization.acrs | asked)
