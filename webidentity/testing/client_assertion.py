"""Signed proofs of a client (RFC 7523, section 2.2): made with its certificate, or by an issuer that it trusts.

Follows Microsoft's "Microsoft identity platform application authentication certificate credentials".
"""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from .errors import TenantError
from .federation import check_federated
from .jws import Jws
from .model import App
from .request import Parameters, TenantRequest
from .state import TenantState

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def check_assertion(state: TenantState, client: App, request: TenantRequest, form: Parameters) -> None:
    """Accept the assertion of a token request, or refuse it."""
    if form.require("client_assertion_type") != ASSERTION_TYPE:
        raise TenantError(9002313, f"Invalid request. 'client_assertion_type' must be '{ASSERTION_TYPE}'.")
    assertion = Jws.parse(form.require("client_assertion"))
    issuer = assertion.claims.get("iss")
    # Apps are GUIDs; the issuers that an app may trust are URLs (OpenID Connect Discovery, section 3).
    if isinstance(issuer, str) and "://" in issuer:
        check_federated(state, client, assertion)
    else:
        _check_own(state, client, request, assertion)


def _check_own(state: TenantState, client: App, request: TenantRequest, assertion: Jws) -> None:
    claims = assertion.claims
    _check_signature(client, assertion)
    if claims.get("iss") != claims.get("sub"):
        raise TenantError(50048, "Subject must match the issuer claim in the client assertion.")
    if claims.get("iss") != client.client_id:
        raise TenantError(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    endpoint = f"{state.base_url}{request.path}"
    if claims.get("aud") not in (endpoint, state.issuer, f"{state.base_url}/{state.tenant_id}/oauth2/v2.0/token"):
        raise TenantError(700023, f"Client assertion audience claim does not match. The expected one is '{endpoint}'.")
    if not assertion.is_valid_at(state.clock()):
        raise TenantError(700024, "Client assertion is not within its valid time range.")
    if state.single_use_assertions:
        _use_up(state, client, claims.get("jti"))


def _check_signature(client: App, assertion: Jws) -> None:
    found = False
    for pem in client.certificates:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or not _is_named(certificate, assertion):
            continue
        found = True
        if assertion.is_signed_with(key, "RS256", "PS256"):
            return
    reason = "The provided signature value did not match the expected one" if found else "The key was not found"
    raise TenantError(
        700027,
        f"The certificate with which the client assertion was signed is not registered on app '{client.name}'. "
        f"[Reason - {reason}.]",
    )


def _is_named(certificate: x509.Certificate, assertion: Jws) -> bool:
    """Whether the header has the certificate's thumbprint: by it, and by nothing else, Entra finds the key."""
    thumbprints = {"x5t": hashes.SHA1(), "x5t#S256": hashes.SHA256()}  # noqa: S303 - what x5t is (RFC 7515)
    given = {name: assertion.header[name] for name in thumbprints if name in assertion.header}
    return bool(given) and all(
        isinstance(value, str) and value.rstrip("=") == _base64url(certificate.fingerprint(thumbprints[name]))
        for name, value in given.items()
    )


def _use_up(state: TenantState, client: App, jti: object) -> None:
    key = f"{client.client_id} {jti}"
    if not isinstance(jti, str) or not jti or state.used_assertions.get(key):
        raise TenantError(700027, "The client assertion has no 'jti' claim, or one that was used before.")
    state.used_assertions.put(key, True)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
