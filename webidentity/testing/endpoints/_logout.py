"""Sign-out (OpenID Connect RP-Initiated Logout 1.0, as Entra implements it)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

import jwt

from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.endpoints._authorization_reply import redirect
from webidentity.testing.pages._sign_in import signed_out_page
from webidentity.testing.policies._sign_on import SignOn
from webidentity.testing.tokens._claims import user_hinted
from webidentity.testing.transports._messages import Parameters, TenantRequest, TenantResponse


def answer_logout(state: TenantState, request: TenantRequest) -> TenantResponse:
    """Sign the browser out, and redirect to the application if the address is registered."""
    query = request.form if request.method == "POST" else request.query
    sign_on = SignOn.of(state, request)
    hinted = user_hinted(state, query.get("logout_hint"))
    sign_on.remove(hinted.object_id if hinted else None)
    target = query.get("post_logout_redirect_uri")
    if target and _is_registered(state, target, query):
        parts = urlsplit(target)
        echoed = urlencode({"state": query.get("state")}) if query.get("state") else ""
        parts = parts._replace(query="&".join(filter(None, (parts.query, echoed))))
        response = redirect(urlunsplit(parts))
    else:
        response = signed_out_page()
    return replace(response, headers=(*response.headers, *sign_on.cookies()))


def _is_registered(state: TenantState, target: str, query: Parameters) -> bool:
    client_id = query.get("client_id") or _audience(state, query.get("id_token_hint"))
    client = state.directory.apps.get((client_id or "").lower())
    apps: list[App] = [client] if client else ([] if client_id else list(state.directory.apps.values()))
    return any(target in app.redirect_uris for app in apps)


def _audience(state: TenantState, id_token: str | None) -> str | None:
    if not id_token:
        return None
    try:
        return str(state.keys.verify_signature(id_token).get("aud"))
    except jwt.InvalidTokenError:
        return "unknown"
