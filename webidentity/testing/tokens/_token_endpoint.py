"""The token endpoint: authenticates the client and calls the grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.tokens._authorization_code import redeem_code
from webidentity.testing.tokens._client_authentication import authenticate_client
from webidentity.testing.tokens._credential_grants import issue_app_token, redeem_password
from webidentity.testing.tokens._device_code import DEVICE_CODE, redeem_device_code
from webidentity.testing.tokens._on_behalf_of import exchange_assertion
from webidentity.testing.tokens._refresh_token import redeem_refresh_token
from webidentity.testing.transports._messages import Parameters, TenantRequest

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
    """The members of the token response.

    :raises TenantError: the request is refused.
    """
    if request.method != "POST":
        raise TenantError(900561, f"The endpoint only accepts POST requests. Received a {request.method} request.")
    form = request.form.once_each()
    grant_type = form.require("grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise TenantError(70003, f"The app requested an unsupported grant type '{grant_type}'.")
    client = authenticate_client(state, request, form)
    return grant(state, client, form)
