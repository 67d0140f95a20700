"""The token endpoint: who is asking, by which grant, and the reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .authorization_code import redeem_code
from .client_authentication import authenticate_client
from .client_credentials import issue_app_token
from .device_code_grant import DEVICE_CODE, redeem_device_code
from .errors import TenantError
from .model import App
from .on_behalf_of import exchange_assertion
from .password_grant import redeem_password
from .refresh_token import redeem_refresh_token
from .request import Parameters, TenantRequest
from .state import TenantState

Grant = Callable[[TenantState, App, Parameters], dict[str, Any]]

GRANTS: Mapping[str, Grant] = {
    "authorization_code": redeem_code,
    "refresh_token": redeem_refresh_token,
    "client_credentials": issue_app_token,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": exchange_assertion,
    DEVICE_CODE: redeem_device_code,
    "password": redeem_password,
}


def answer_token_request(state: TenantState, request: TenantRequest) -> dict[str, Any]:
    """The members of a token response, or the refusal."""
    if request.method != "POST":
        raise TenantError(900561, f"The endpoint only accepts POST requests. Received a {request.method} request.")
    form = request.form.once_each()
    grant_type = form.require("grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise TenantError(70003, f"The app requested an unsupported grant type '{grant_type}'.")
    client = authenticate_client(state, request, form)
    return grant(state, client, form)
