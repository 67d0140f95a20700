"""The token endpoint: authenticates the client and calls the grant.

The grants that need credentials only are here: client credentials, and the user's username and password (RFC 6749,
sections 4.4 and 4.3, and Microsoft's "OAuth 2.0 Resource Owner Password Credentials").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._conditional_access import client_capabilities, parse_claims
from webidentity.testing.policies._scopes import DEFAULT, parse_scopes
from webidentity.testing.policies._sign_on import check_password
from webidentity.testing.tokens._authorization_code import redeem_code
from webidentity.testing.tokens._claims import AccessTokenSubject, access_token_claims
from webidentity.testing.tokens._client_authentication import authenticate_client
from webidentity.testing.tokens._device_code import DEVICE_CODE, redeem_device_code
from webidentity.testing.tokens._on_behalf_of import exchange_assertion
from webidentity.testing.tokens._refresh_token import redeem_refresh_token
from webidentity.testing.tokens._token_reply import bearer_reply, delegated_reply, direct_order
from webidentity.testing.transports._messages import Parameters, TenantRequest


def issue_app_token(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Issue an app-only token for ``<resource>/.default``, with the roles that the client holds there."""
    if client.public_client:
        raise TenantError(700025, "Client is public, so it cannot use the client credentials grant.")
    scope = form.require("scope")
    scopes = scope.split()
    if len(scopes) != 1 or not scopes[0].endswith(f"/{DEFAULT}"):
        raise TenantError(
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    requested = parse_scopes(scope, state.directory, client=client).single_resource(state.directory)
    capabilities = client_capabilities(parse_claims(form.get("claims")))
    subject = AccessTokenSubject(client=client, resource=requested.resource, capabilities=capabilities)
    return bearer_reply(state, access_token_claims(state, subject))


def redeem_password(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Issue tokens for a username and a password. There is no page, so missing consent is an error."""
    username, password, scope = form.require("username"), form.require("password"), form.require("scope")
    scopes = parse_scopes(scope, state.directory, client=client)
    user = check_password(state, username, password)
    return delegated_reply(state, form, direct_order(state, client, user, scope=scope, scopes=scopes))


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
