"""Client authentication at the token endpoint: a secret in the form or in HTTP Basic, or a signed assertion.

Follows RFC 6749, section 2.3.1. Assertions (RFC 7523, section 2.2) are signed with the client's certificate, or by an
issuer that it trusts: Microsoft's "Microsoft identity platform application authentication certificate credentials", and
for other issuers "Workload identity federation" and "Important considerations and restrictions for federated identity
credentials": issuer, subject and audience are compared exactly, and signatures are RS256.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App, FederatedCredential
from webidentity.testing.directory._state import TenantState
from webidentity.testing.tokens._jws import Jws
from webidentity.testing.transports._messages import Parameters, TenantRequest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


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


def check_assertion(state: TenantState, client: App, request: TenantRequest, form: Parameters) -> None:
    """Check the client assertion of a token request.

    :raises TenantError: the assertion is refused.
    """
    if form.require("client_assertion_type") != ASSERTION_TYPE:
        raise TenantError(9002313, f"Invalid request. 'client_assertion_type' must be '{ASSERTION_TYPE}'.")
    assertion = Jws.parse(form.require("client_assertion"))
    issuer = assertion.claims.get("iss")
    # An application signs as its client id, a GUID. Other issuers are URLs (OpenID Connect Discovery, section 3).
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
    """Whether the header has the certificate's thumbprint, by which Entra finds the key."""
    thumbprints = {"x5t": hashes.SHA1(), "x5t#S256": hashes.SHA256()}  # noqa: S303 - x5t is a SHA-1 digest (RFC 7515)
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


def check_federated(state: TenantState, client: App, assertion: Jws) -> None:
    """Check a token of another issuer against the federated identity credentials of the application.

    :raises TenantError: no credential matches, or the token is not valid.
    """
    trusted = state.federated.get(client.client_id, ())
    claims = assertion.claims
    issuer, subject, audience = claims.get("iss"), claims.get("sub"), claims.get("aud")
    if not trusted:
        raise TenantError(
            70021,
            f"No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. "
            f"Assertion Subject: '{subject}'. Assertion Audience: '{audience}'.",
        )
    of_issuer = [record for record in trusted if record.issuer == issuer]
    if not of_issuer:
        raise _no_record(700211, "issuer", issuer)
    of_subject = [record for record in of_issuer if record.subject == subject]
    if not of_subject:
        if any(record.subject.casefold() == str(subject).casefold() for record in of_issuer):
            raise _no_record(7002138, "subject", subject, " Subjects are compared case-sensitively.")
        raise _no_record(700213, "subject", subject)
    record = next((record for record in of_subject if record.audience == audience), None)
    if record is None:
        raise _no_record(700212, "audience", audience)
    _check_issuer_signature(record, assertion)
    if not assertion.is_valid_at(state.clock()):
        raise TenantError(700024, "Client assertion is not within its valid time range.")


def _check_issuer_signature(record: FederatedCredential, assertion: Jws) -> None:
    kid = assertion.header.get("kid")
    candidates = [key for name, key in record.keys if name is None or name == kid]
    if not candidates:
        raise TenantError(
            7000272,
            f"The certificate with identifier {kid} used to sign the federated credential could not be found in the "
            f"metadata of identity provider {record.issuer}.",
        )
    if not any(assertion.is_signed_with(key, "RS256") for key in candidates):
        raise TenantError(50013, "Assertion failed signature validation. Reason - The provided signature is wrong.")


def _no_record(code: int, part: str, value: object, more: str = "") -> TenantError:
    return TenantError(
        code,
        f"No matching federated identity record found for presented assertion {part} '{value}'. Check your federated "
        f"identity credential Subject, Audience and Issuer against the presented assertion.{more}",
    )
