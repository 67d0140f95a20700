"""Encrypted text for cookies and URLs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from webidentity.cache._envelope import KeyRing


def seal_text(keys: KeyRing, purpose: str, content: bytes) -> str:
    """Return the content, encrypted for this purpose."""
    return urlsafe_b64encode(keys.seal(purpose, content)).rstrip(b"=").decode()


def open_text(keys: KeyRing, purpose: str, text: str) -> bytes | None:
    """Return the content, None unless this application encrypted it for the same purpose."""
    envelope = _decode(text)
    return keys.open(purpose, envelope) if envelope else None


def is_of_another_secret(keys: KeyRing, text: str) -> bool:
    """Return whether the text was encrypted with a secret key that this process does not know."""
    return keys.is_of_another_secret(_decode(text))


def _decode(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
