"""The resource owner password credentials grant (RFC 6749, section 4.3; Microsoft's "OAuth 2.0 ROPC")."""

from __future__ import annotations

from typing import Any

from .model import App
from .request import Parameters
from .scopes import parse_scopes
from .sign_in import check_password
from .state import TenantState
from .token_reply import delegated_reply, direct_order


def redeem_password(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Tokens for a username and a password, without interaction: a missing consent is an error."""
    username, password, scope = form.require("username"), form.require("password"), form.require("scope")
    scopes = parse_scopes(scope, state.directory, client=client)
    user = check_password(state, username, password)
    return delegated_reply(state, form, direct_order(state, client, user, scope=scope, scopes=scopes))
