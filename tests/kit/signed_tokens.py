"""Tokens that are signed with keys of the test."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jwt.api_jws import PyJWS

from tests.kit.replies import CLIENT, TENANT
from webidentity._protocol.signing_keys import SigningKeys
from webidentity._protocol.verification import Expected, UnverifiedToken, verify_token
from webidentity.testing import SigningKeyPair

ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
TEMPLATE = "https://login.microsoftonline.com/{tenantid}/v2.0"
NOW = 1_800_000_000


@cache
def key(name: str = "tenant") -> SigningKeyPair:
    """Return the key of that name. Its id is the name."""
    return SigningKeyPair(name, SigningKeyPair.generate().private_key)


def claims(**changes: Any) -> dict[str, Any]:
    """Return valid claims with these changes; None removes one."""
    good = {
        "iss": ISSUER,
        "tid": TENANT,
        "aud": CLIENT,
        "sub": "subject",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 3600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(content: Any = None, *, by: str = "tenant", header: dict[str, Any] | None = None) -> str:
    """Return a signed token with the content (bytes are used as they are). Header members that are None are removed."""
    merged = {"alg": "RS256", "typ": "JWT", "kid": by, **(header or {})}
    fields = {name: value for name, value in merged.items() if value is not None}
    payload = content if isinstance(content, bytes) else json.dumps(claims() if content is None else content).encode()
    first = f"{_encoded(json.dumps(fields).encode())}.{_encoded(payload)}"
    signature = PyJWS().get_algorithm_by_name("RS256").sign(first.encode(), key(by).private_key)
    return f"{first}.{_encoded(signature)}"


def key_set(*names: str, issuer: str | None = TEMPLATE, **changes: Any) -> str:
    """Return the JSON Web Key Set of these keys."""
    given = {"issuer": issuer, **changes}
    keys = [{**key(name).jwk(""), **given} for name in names or ("tenant",)]
    return json.dumps({"keys": [{name: value for name, value in item.items() if value is not None} for item in keys]})


def keys(*names: str, **changes: Any) -> SigningKeys:
    """Return the keys as the library reads them."""
    read = SigningKeys.parse(key_set(*names, **changes))
    assert read is not None
    return read


def verify(token: str, known: SigningKeys | None = None, **changes: Any) -> Mapping[str, Any]:
    """Verify a token for the client at the present time."""
    expected = {"issuer": ISSUER, "audiences": frozenset({CLIENT}), "now": float(NOW), **changes}
    return verify_token(UnverifiedToken.parse(token), known or keys(), Expected(**expected)).claims


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
