"""Client authentication at the token endpoint: a secret in the form or in HTTP Basic, or a signed assertion.

Follows RFC 6749, section 2.3.1, and Microsoft's "Microsoft identity platform application authentication certificate
credentials" for ``private_key_jwt`` (RFC 7523, section 2.2).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from .errors import TenantError
from .model import App
from .request import Parameters, TenantRequest
from .state import TenantState

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def authenticate_client(state: TenantState, request: TenantRequest, form: Parameters) -> App:
    """The app that sent a token request, or the refusal of one that cannot prove what it says."""
    basic = _basic(request.header("Authorization"))
    client_id = form.get("client_id") or (basic[0] if basic else None)
    if client_id is None:
        raise TenantError(900144, "The request body must contain the following parameter: 'client_id'.")
    client = state.directory.find_app(client_id)
    secret = form.get("client_secret")
    if basic and (basic[0].lower() != client_id.lower() or secret):
        raise TenantError(9002313, "Invalid request. The client authenticates in two ways.")
    secret = secret or (basic[1] if basic else None)
    assertion = form.get("client_assertion")
    if client.public_client:
        if secret or assertion:
            raise TenantError(
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
    elif assertion:
        _check_assertion(state, client, request, form, assertion)
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


def _check_assertion(state: TenantState, client: App, request: TenantRequest, form: Parameters, assertion: str) -> None:
    if form.require("client_assertion_type") != ASSERTION_TYPE:
        raise TenantError(9002313, f"Invalid request. 'client_assertion_type' must be '{ASSERTION_TYPE}'.")
    claims = _verified_claims(client, assertion)
    issued_by = (claims.get("iss"), claims.get("sub"))
    if issued_by != (client.client_id, client.client_id):
        raise TenantError(700027, "The client assertion's 'iss' and 'sub' must both be the client id.")
    endpoint = f"{state.base_url}{request.path}"
    if claims.get("aud") not in (endpoint, state.issuer, f"{state.base_url}/{state.tenant_id}/oauth2/v2.0/token"):
        raise TenantError(700023, f"Client assertion audience claim does not match. The expected one is '{endpoint}'.")
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int | float) or expires_at <= state.clock():
        raise TenantError(700024, "Client assertion is not within its valid time range.")


def _verified_claims(client: App, assertion: str) -> dict[str, object]:
    for pem in client.certificates:
        key = x509.load_pem_x509_certificate(pem).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            continue
        try:
            return jwt.decode(
                assertion,
                key,
                algorithms=["RS256", "PS256"],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
            )
        except jwt.InvalidTokenError:
            continue
    raise TenantError(
        700027, f"The certificate with which the client assertion was signed is not registered on app '{client.name}'."
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
