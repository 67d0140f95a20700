"""The authority's signing keys (JSON Web Key Set, RFC 7517)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from webidentity._json import as_list, as_object, as_text, parse_object


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key.

    :param issuer: the only issuer it may sign for; Entra writes "{tenantid}" for every tenant's own.
    """

    kid: str | None
    key: Any
    issuer: str | None

    def may_sign_for(self, issuer: str, tenant: str) -> bool:
        """Whether a token of this issuer may be signed with the key."""
        return self.issuer is None or self.issuer.replace("{tenantid}", tenant) == issuer


class SigningKeys:
    """A set of RSA keys for signatures, found by ``kid``."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def parse(cls, text: str) -> "SigningKeys | None":
        """Read a key set; None if the text is none, or has no key that could be used.

        Keys of another type or for another use are passed over, and so are broken ones.
        """
        document = parse_object(text)
        if document is None:
            return None
        keys = [key for item in as_list(document.get("keys")) if (key := _read_key(as_object(item))) is not None]
        return cls(keys) if keys else None

    def candidates(self, kid: str | None) -> tuple[SigningKey, ...]:
        """Return the keys that may have signed a token with this ``kid`` header; all of them if it has none."""
        return self._keys if kid is None else tuple(key for key in self._keys if key.kid == kid)


def _read_key(item: dict[str, Any] | None) -> SigningKey | None:
    if item is None or item.get("kty") != "RSA" or item.get("use", "sig") != "sig":
        return None
    try:
        public = PyJWK({"kty": "RSA", "n": item["n"], "e": item["e"]}, algorithm="RS256")
    except (PyJWTError, KeyError, TypeError, ValueError):
        return None
    return SigningKey(as_text(item.get("kid")), public, as_text(item.get("issuer")))
