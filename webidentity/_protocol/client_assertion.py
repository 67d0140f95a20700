"""Client assertions: a JWT signed with the client's certificate (RFC 7523 section 2.2)."""

from typing import Any

import jwt

from webidentity._protocol.certificate import ClientCertificate

#: Seconds for which an assertion is valid; it is made anew for each token request.
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
    """Return an assertion that the client is who it says.

    PS256 with the SHA-256 thumbprint, as Microsoft recommends; ADFS knows only RS256 with SHA-1.

    :param audience: the token endpoint that it is sent to.
    :param jti: a value that was never used before.
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
