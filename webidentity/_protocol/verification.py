"""Verification of tokens: signature, issuer, audience, times (RFC 7519, RFC 8725, OpenID Connect Core 3.1.3.7)."""

import hashlib
import hmac
import sys
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from webidentity._authority import is_guid
from webidentity._json import as_list, as_object, parse_object
from webidentity._protocol.signing_keys import SigningKeys

#: From base64url to base64. '+', '/' and '=' are not valid in base64url: map them to '!', which a2b_base64 refuses.
_STANDARD_ALPHABET = bytes.maketrans(b"-_+/=", b"+/!!!")
#: The last characters that a part may have whose length is not a multiple of four: those without surplus bits.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_OTHER_AUDIENCE = "the token is for another application: request a scope of this one"
_LONGEST_TOKEN = 64 * 1024
_MOST_LEVELS = 50
_LARGEST = sys.float_info.max
#: Accepted ``typ`` headers (RFC 8725 section 3.11). Logout tokens, for example, are signed with the same keys.
_TYPES = frozenset({"jwt", "at+jwt"})

#: Seconds that the clocks of the authority and of this machine may differ, unless a setting says otherwise. It is the
#: default of Microsoft's own libraries for web APIs.
LEEWAY = 300


class TokenRejectedError(Exception):
    """The token is not acceptable. The message gives the reason and may be shown to the caller."""


class UnknownKeyError(TokenRejectedError):
    """No known key has the token's ``kid``: the authority may have rotated its keys."""


class Expected(NamedTuple):
    """What the claims of a token must match.

    :param issuer: the exact issuer, from the tenant's metadata.
    :param audiences: the accepted audiences.
    :param now: the current time (Unix seconds).
    :param leeway: seconds that the clocks may differ.
    """

    issuer: str
    audiences: frozenset[str]
    now: float
    leeway: float = LEEWAY


@dataclass(slots=True)  # not frozen, which would double the time to create one
class UnverifiedToken:
    """A token whose form and header are acceptable (JWS in compact form, RFC 7515). Its signature is not checked yet.

    :param kid: the ID of its key, None if it names none.
    :param content: what is signed: header and payload, as they were sent.
    """

    kid: str | None
    content: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, token: str) -> "UnverifiedToken":
        """Decode the three parts of a token, and check the header.

        :raises TokenRejectedError: it is not a signed token, or not of an accepted kind.
        """
        if len(token) > _LONGEST_TOKEN:
            raise TokenRejectedError("the token is longer than tokens that Microsoft Entra ID issues")
        try:
            content, _, last = token.encode("ascii").rpartition(b".")
            first, second = content.split(b".", 2)
            kid, payload, signature = _known_header(first), _decoded(second), _decoded(last)
        except ValueError:
            raise TokenRejectedError("the token is not a signed token (JWS in compact form)") from None
        return cls(kid, content, payload, signature)


class VerifiedToken(NamedTuple):
    """A token that was accepted: its claims, and what has to be checked again when the token is sent again.

    The other checks depend only on the token, its key and the issuer: as long as these are the same, so is the outcome.

    :param claims: read-only, because all requests with this token share them.
    :param valid_from: Unix seconds.
    :param expires_on: Unix seconds.
    """

    claims: Mapping[str, Any]
    issuer: str
    audiences: frozenset[str]
    valid_from: float
    expires_on: float

    def __repr__(self) -> str:
        # Without the claims, which may name the user.
        return f"VerifiedToken(issuer={self.issuer!r}, expires_on={self.expires_on!r})"

    def check(self, expected: Expected) -> Mapping[str, Any]:
        """Return the claims after checking issuer, audiences and times.

        :raises TokenRejectedError: one of the checks failed.
        """
        _check_issuer(self.issuer, expected)
        if not self.audiences <= expected.audiences:
            raise TokenRejectedError(_OTHER_AUDIENCE)
        if self.expires_on + expected.leeway <= expected.now:
            raise TokenRejectedError("the token has expired")
        if self.valid_from - expected.leeway > expected.now:
            raise TokenRejectedError("the token is not valid yet: check the clocks")
        return self.claims


def verify_token(token: UnverifiedToken, keys: SigningKeys, expected: Expected) -> VerifiedToken:
    """Check signature, issuer, audience and times of a token.

    :raises UnknownKeyError: its key is not in the set.
    :raises TokenRejectedError: one of the checks failed.
    """
    candidates = keys.candidates(token.kid)
    if not candidates:
        raise UnknownKeyError("the token is signed with a key that the authority does not publish")
    for candidate in candidates:
        if candidate.has_signed(token.content, token.signature):
            claims = _claims(token.payload)
            verified = _read_claims(claims, expected)
            verified.check(expected)
            if not candidate.may_sign_for(expected.issuer, claims["tid"]):
                raise TokenRejectedError("the token's key does not belong to its issuer")
            return verified
    raise TokenRejectedError("the token's signature is wrong")


def verify_response(claims: Mapping[str, Any], *, client_id: str, nonce: str, token: str, code: str) -> None:
    """Check that an ID token belongs to this sign-in (OpenID Connect Core 3.1.3.7).

    :param nonce: the nonce of the authorization request.
    :param token: the access token in the same reply.
    :param code: the authorization code that was redeemed for the reply.
    :raises TokenRejectedError: one of the checks failed.
    """
    found = claims.get("nonce")
    if not isinstance(found, str) or not hmac.compare_digest(found.encode(), nonce.encode()):
        raise TokenRejectedError("the ID token belongs to another sign-in")
    if claims.get("azp", client_id) != client_id:
        raise TokenRejectedError("the ID token was issued to another application")
    verify_hash(claims, "at_hash", token)
    verify_hash(claims, "c_hash", code)


def verify_hash(claims: Mapping[str, Any], name: str, value: str) -> None:
    """Check that an ID token belongs to this access token or code, if it says so (OpenID Connect Core 3.3.2.11).

    :param name: "at_hash" or "c_hash".
    :raises TokenRejectedError: it belongs to another one.
    """
    half = urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()
    if claims.get(name, half) != half:
        raise TokenRejectedError(f"the ID token belongs to another {'code' if name == 'c_hash' else 'access token'}")


def _decoded(part: bytes) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2). Each value has one form only, so no bit may be left over.

    :raises ValueError: it is malformed.
    """
    surplus = len(part) % 4
    if surplus and part[-1] not in _LAST.get(surplus, b""):
        raise ValueError("bits after the end")
    return a2b_base64(part.translate(_STANDARD_ALPHABET) + b"=="[: -surplus % 4], strict_mode=True)


def _checked_header(part: bytes) -> str | None:
    """Check the header, and return the ID of the token's key, None if it names none.

    :raises ValueError: it is not base64url.
    :raises TokenRejectedError: it is not the header of an acceptable token.
    """
    header = _json_object(_decoded(part))
    kid = header.get("kid", "") if header is not None else None
    if header is None or not isinstance(kid, str):
        raise TokenRejectedError("the token's header cannot be read")
    if header.get("alg") != "RS256":
        raise TokenRejectedError("the token is not signed with RS256")
    if "crit" in header or "cty" in header or header.get("b64", True) is not True:
        raise TokenRejectedError("the token's header requires extensions that are not supported")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise TokenRejectedError("the token is neither an access token nor an ID token")
    if "nonce" in header:
        raise TokenRejectedError("the token is for Microsoft Graph: request a scope of this application")
    return kid if "kid" in header else None


#: All tokens that one key signs have the same header.
_known_header = lru_cache(maxsize=16)(_checked_header)


def _claims(payload: bytes) -> dict[str, Any]:
    claims = _json_object(payload)
    if claims is None:
        raise TokenRejectedError("the token's payload is not a JSON object")
    # Each level begins with a bracket, so most claims need not be walked.
    if payload.count(b"{") + payload.count(b"[") > _MOST_LEVELS and _is_deep(claims):
        raise TokenRejectedError("the token's claims are nested too deeply")
    return claims


def _json_object(data: bytes) -> dict[str, Any] | None:
    """Read JSON in UTF-8, the only encoding (RFC 7515 section 5.2, RFC 7519 section 7.2)."""
    try:
        return parse_object(data.decode())
    except UnicodeDecodeError:
        return None


def _is_deep(claims: dict[str, Any]) -> bool:
    """Whether the claims are nested more deeply than what copies and stores them can go."""
    level: list[Any] = [claims]
    for _ in range(_MOST_LEVELS):
        inner = [value for each in level for value in (as_object(each) or {}).values()]
        inner += [value for each in level for value in as_list(each)]
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def _read_claims(claims: dict[str, Any], expected: Expected) -> VerifiedToken:
    """Check the claims, except those that :meth:`VerifiedToken.check` checks."""
    issuer, tenant = claims.get("iss"), claims.get("tid")
    _check_issuer(issuer, expected)
    if not isinstance(tenant, str) or not is_guid(tenant) or f"/{tenant}/" not in f"{issuer}/":
        raise TokenRejectedError("the token's tenant does not belong to its issuer")
    audience = claims.get("aud")
    audiences = (audience,) if isinstance(audience, str) else tuple(as_list(audience))
    if not audiences or [name for name in audiences if not isinstance(name, str)]:
        raise TokenRejectedError(_OTHER_AUDIENCE)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenRejectedError("the token has no subject")
    expires_on, issued_at = _time(claims, "exp"), _time(claims, "iat")
    valid_from = max(issued_at, _time(claims, "nbf")) if "nbf" in claims else issued_at
    return VerifiedToken(MappingProxyType(claims), expected.issuer, frozenset(audiences), valid_from, expires_on)


def _check_issuer(issuer: Any, expected: Expected) -> None:
    if issuer == expected.issuer:
        return
    if isinstance(issuer, str) and issuer.startswith("https://sts.windows.net/"):
        raise TokenRejectedError(
            "the token is a v1.0 token: set requestedAccessTokenVersion to 2 in the manifest of the API's "
            "application registration"
        )
    raise TokenRejectedError("the token comes from another issuer")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value: Any = claims.get(name)
    # A boolean is an integer in Python, whose JSON parser accepts NaN, Infinity, and integers too large for a float.
    if type(value) in (int, float) and -_LARGEST <= value <= _LARGEST:
        return value  # type: ignore[no-any-return]
    raise TokenRejectedError(f"the token has no usable {name}")
