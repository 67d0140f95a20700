"""Client assertions: a JWT signed with the client's certificate (RFC 7523 section 2.2)."""

from typing import Any

import jwt

from webidentity._protocol.certificate import ClientCertificate

#: Seconds that an assertion is valid. Each token request has a new one.
LIFETIME = 600


def sign_assertion(
    certificate: ClientCertificate,
    *,
    client_id: str,
    audience: str,
    now: int,
    jti: str,
    send_chain: bool,
    adfs: bool,
) -> str:
    """Return an assertion that authenticates the client.

    It is signed with PS256 and names the SHA-256 thumbprint, as Microsoft recommends, or with RS256 and SHA-1 for ADFS,
    which supports nothing else.

    :param audience: the token endpoint that the assertion is sent to.
    :param now: Unix seconds.
    :param jti: a unique value.
    :param send_chain: whether to include the certificate chain.
    """
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": jti,
        "nbf": now,
        "iat": now,
        "exp": now + LIFETIME,
    }
    headers: dict[str, Any] = (
        {"x5t": certificate.thumbprint_sha1} if adfs else {"x5t#S256": certificate.thumbprint_sha256}
    )
    if send_chain:
        headers["x5c"] = list(certificate.chain)
    return jwt.encode(claims, certificate.private_key, algorithm="RS256" if adfs else "PS256", headers=headers)
