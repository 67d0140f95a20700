"""Workload identity federation: an app that another issuer's tokens may speak for.

Follows Microsoft's "Workload identity federation" and "Important considerations and restrictions for federated identity
credentials": issuer, subject and audience are compared exactly, and signatures are RS256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .errors import TenantError
from .jws import Jws
from .keys import SigningKey
from .model import App
from .state import TenantState

#: The audience that Microsoft recommends for tokens that are exchanged at Entra.
TOKEN_EXCHANGE = "api://AzureADTokenExchange"

#: How an issuer's key may be given: as a key of this package, a JWK or a set of them, or a public key or certificate.
IssuerKey: TypeAlias = SigningKey | Mapping[str, Any] | bytes | str


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """An app's trust in the tokens of one issuer for one subject."""

    issuer: str
    subject: str
    audience: str
    #: The issuer's public keys, each with its id if it has one.
    keys: tuple[tuple[str | None, rsa.RSAPublicKey], ...] = field(repr=False)


def issuer_keys(key: IssuerKey) -> tuple[tuple[str | None, rsa.RSAPublicKey], ...]:
    """Read an issuer's keys."""
    if isinstance(key, SigningKey):
        return ((key.kid, key.private_key.public_key()),)
    if isinstance(key, Mapping):
        return tuple((each.get("kid"), _rsa(jwt.PyJWK(dict(each)).key)) for each in key.get("keys", [key]))
    pem = key.encode() if isinstance(key, str) else key
    if b"BEGIN CERTIFICATE" in pem:
        return ((None, _rsa(x509.load_pem_x509_certificate(pem).public_key())),)
    return ((None, _rsa(load_pem_public_key(pem))),)


def check_federated(state: TenantState, client: App, assertion: Jws) -> None:
    """Accept a token of an issuer that the app trusts, or refuse it."""
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
    _check_signature(record, assertion)
    if not assertion.is_valid_at(state.clock()):
        raise TenantError(700024, "Client assertion is not within its valid time range.")


def _check_signature(record: FederatedCredential, assertion: Jws) -> None:
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


def _rsa(key: Any) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("An issuer's key is an RSA key: Entra accepts RS256 alone.")
    return key
