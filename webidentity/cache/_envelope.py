"""The encryption of names and values before they reach a store."""

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12
#: Bytes that name the key.
_MARK = 4


class _Key:
    __slots__ = ("cipher", "mark", "name_key")

    def __init__(self, secret: bytes) -> None:
        self.name_key = _hkdf(secret, b"webidentity cache names v1")
        self.cipher = AESGCM(_hkdf(secret, b"webidentity cache values v1"))
        self.mark = _hkdf(secret, b"webidentity cache key id v1")[:_MARK]


class KeyRing:
    """The keys that encrypt what a store keeps. The current key encrypts; earlier keys can still decrypt.

    Names are hashed with HMAC-SHA256. Values are encrypted with AES-256-GCM (NIST SP 800-38D), with the hashed name as
    associated data, so a value that is moved to another name cannot be decrypted. Keys are derived from the
    application's secrets with HKDF-SHA256 (RFC 5869).

    :param secret: the current secret, for example Flask's or Django's ``SECRET_KEY``.
    :param fallbacks: earlier secrets. Values encrypted with them can be read, and are encrypted with the current
        secret when they change.
    :raises ValueError: a secret is empty.
    """

    def __init__(self, secret: str | bytes, fallbacks: Sequence[str | bytes] = ()) -> None:
        secrets = [value.encode() if isinstance(value, str) else value for value in (secret, *fallbacks)]
        if not all(secrets):
            raise ValueError("the secret that protects the token cache is empty: set SECRET_KEY to a long random value")
        self._keys = [_Key(value) for value in secrets]

    def stored_keys(self, name: str) -> list[str]:
        """Return the keys under which a store may have the name: the current secret's first, then the fallbacks'."""
        return [hmac.new(key.name_key, name.encode(), hashlib.sha256).hexdigest() for key in self._keys]

    def seal(self, name: str, plaintext: bytes, *, earlier: int = 0) -> bytes:
        """Encrypt the plaintext. The result can be decrypted only with the same name.

        :param earlier: which secret encrypts: 0 for the current one, 1 for the first of the fallbacks, and so on.
        """
        key = self._keys[earlier]
        nonce = os.urandom(_NONCE)
        return _VERSION + key.mark + nonce + key.cipher.encrypt(nonce, plaintext, name.encode())

    def is_of_another_secret(self, envelope: bytes) -> bool:
        """Return whether this class encrypted it with a secret that is neither the current one nor a fallback."""
        is_envelope = envelope[:1] == _VERSION and len(envelope) > 1 + _MARK + _NONCE
        return is_envelope and all(key.mark != envelope[1 : 1 + _MARK] for key in self._keys)

    def open(self, name: str, envelope: bytes) -> bytes | None:
        """Decrypt what :meth:`seal` returned; None if it is damaged, or belongs to another name or secret."""
        if envelope[:1] != _VERSION:
            return None
        start = 1 + _MARK
        mark, nonce, sealed = envelope[1:start], envelope[start : start + _NONCE], envelope[start + _NONCE :]
        for key in self._keys:
            if key.mark == mark and len(nonce) == _NONCE:
                try:
                    return key.cipher.decrypt(nonce, sealed, name.encode())
                except InvalidTag:
                    continue
        return None


def _hkdf(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)
