"""The authority's signing keys (JSON Web Key Set, RFC 7517)."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from webidentity._json import as_list, as_object, as_text, parse_object

#: Bits. RFC 7518 section 3.3 forbids shorter keys for RS256.
_SHORTEST_KEY = 2048
#: Bits. A longer key would take long to use.
_LONGEST_KEY = 8192
#: RS256 is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
_PADDING, _HASH = PKCS1v15(), SHA256()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key.

    :param issuer: the only issuer that it may sign for. Entra writes "{tenantid}" for the tenant of the token.
    """

    kid: str | None
    key: RSAPublicKey
    issuer: str | None

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this is the RS256 signature of the content."""
        try:
            self.key.verify(signature, content, _PADDING, _HASH)
        except (InvalidSignature, ValueError):
            return False
        return True

    def may_sign_for(self, issuer: str, tenant: str) -> bool:
        """Whether the key may sign tokens of this issuer and tenant."""
        return self.issuer is None or self.issuer.replace("{tenantid}", tenant) == issuer


class SigningKeys:
    """A set of RSA signing keys, looked up by ``kid``."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        self._keys = tuple(keys)
        self._by_kid = {
            kid: tuple(key for key in self._keys if key.kid == kid) for kid in {key.kid for key in self._keys}
        }

    @classmethod
    def parse(cls, text: str) -> "SigningKeys | None":
        """Read a key set. Return None if it is malformed or has no usable key.

        Malformed keys and keys of a different type or use are skipped.
        """
        document = parse_object(text)
        if document is None:
            return None
        keys = [key for item in as_list(document.get("keys")) if (key := _read_key(as_object(item))) is not None]
        return cls(keys) if keys else None

    def candidates(self, kid: str | None) -> tuple[SigningKey, ...]:
        """Return the keys with this ``kid``, or all keys if it is None."""
        return self._keys if kid is None else self._by_kid.get(kid, ())


def _read_key(item: dict[str, Any] | None) -> SigningKey | None:
    if item is None or item.get("kty") != "RSA" or not _may_verify(item):
        return None
    try:
        public = RSAPublicNumbers(_integer(item["e"]), _integer(item["n"])).public_key()
    except (KeyError, TypeError, ValueError):
        return None
    if not _SHORTEST_KEY <= public.key_size <= _LONGEST_KEY:
        return None
    return SigningKey(as_text(item.get("kid")), public, as_text(item.get("issuer")))


def _may_verify(item: dict[str, Any]) -> bool:
    """Whether the key is for RS256 signatures (RFC 7517 section 4.2 to 4.4), and names its issuer in a readable way."""
    if item.get("use", "sig") != "sig" or item.get("alg", "RS256") != "RS256":
        return False
    if "key_ops" in item and "verify" not in as_list(item["key_ops"]):
        return False
    return "issuer" not in item or as_text(item["issuer"]) is not None


def _integer(text: str) -> int:
    """Return the number (RFC 7518 section 2, Base64urlUInt). Padding is accepted: some servers publish it."""
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
