"""Client authentication at the token endpoint: a secret in the form or in HTTP Basic, or a signed assertion.

Follows RFC 6749, section 2.3.1. The module ``_client_assertion`` checks assertions (RFC 7523).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.tokens._client_assertion import check_assertion
from webidentity.testing.transports._messages import Parameters, TenantRequest


def authenticate_client(state: TenantState, request: TenantRequest, form: Parameters) -> App:
    """The application that sent a token request.

    :raises TenantError: it is not registered, or its authentication is missing or wrong.
    """
    basic = _basic(request.header("Authorization"))
    client_id = form.get("client_id") or (basic[0] if basic else None)
    if client_id is None:
        raise TenantError(900144, "The request body must contain the following parameter: 'client_id'.")
    client = state.directory.find_app(client_id)
    secret = form.get("client_secret")
    if basic and (basic[0].lower() != client_id.lower() or secret):
        raise TenantError(9002313, "Invalid request. The client must use one authentication method only.")
    secret = secret or (basic[1] if basic else None)
    assertion = form.get("client_assertion")
    if client.public_client:
        if secret or assertion:
            raise TenantError(
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
    elif assertion:
        check_assertion(state, client, request, form)
    elif secret:
        _check_secret(client, secret)
    else:
        raise TenantError(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    return client


def _check_secret(client: App, secret: str) -> None:
    matches = [hmac.compare_digest(secret.encode(), known.encode()) for known in client.secrets]
    if not any(matches):
        raise TenantError(
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client.client_id}'.",
        )


def _basic(header: str | None) -> tuple[str, str] | None:
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise TenantError(9002313, "Invalid request. The Authorization header is malformed.") from None
    return unquote_plus(client_id), unquote_plus(secret)
