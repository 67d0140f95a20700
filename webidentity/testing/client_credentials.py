"""The client credentials grant (RFC 6749, section 4.4): an app acts for itself."""

from __future__ import annotations

from typing import Any

from .claims_request import client_capabilities, parse_claims
from .errors import TenantError
from .model import App
from .request import Parameters
from .scopes import DEFAULT, parse_scopes
from .state import TenantState
from .token_reply import bearer_reply
from .tokens import AccessTokenSubject, access_token_claims


def issue_app_token(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """An app-only token for one ``<resource>/.default``, with the roles the app was granted there."""
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
