"""Pending sign-ins: each is kept in an encrypted cookie of the browser that started it."""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from webidentity._json import as_list, parse_object
from webidentity._protocol.authorization import new_verifier
from webidentity.cache._envelope import KeyRing
from webidentity.cache._partition import digest
from webidentity.web._cookies import Cookie, CookieNames

#: Seconds that the user has to return from the authority.
LIFETIME = 600
#: Pending sign-ins of one browser, in as many tabs.
_MOST = 5
#: Total size of their cookies in bytes; servers refuse headers of 8 kB.
_MOST_BYTES = 5000


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """One authorization request that waits for its response.

    state, nonce and verifier are three independent random values of 256 bits: none of them reveals another.

    :param scopes: what the code is redeemed for: scopes of one resource. The user may be asked for more.
    :param started_at: Unix seconds.
    """

    redirect_uri: str
    next_path: str
    scopes: tuple[str, ...]
    claims: str | None
    started_at: int
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=new_verifier, repr=False)

    def encode(self) -> bytes:
        """Return the request as JSON."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> "PendingSignIn | None":
        """Read the output of :meth:`encode`. Return None if it is malformed."""
        values: dict[str, Any] = parse_object(data) or {}
        try:
            values["scopes"] = tuple(as_list(values["scopes"]))
            return cls(**values)
        except (KeyError, TypeError):
            return None


class PendingCookies:
    """Writes and reads the cookies. Each name ends in a digest of the state, so that tabs do not share a cookie."""

    def __init__(self, keys: KeyRing, client_id: str, *, is_secure: bool) -> None:
        self._keys = keys
        self._is_secure = is_secure
        self._names = CookieNames(client_id, is_secure=is_secure)

    def add(self, pending: PendingSignIn, cookies: Mapping[str, str]) -> list[Cookie]:
        """Return the cookie of a new sign-in, and the deletion of the oldest ones that no longer fit."""
        name = self._names.pending(pending.started_at, _mark(pending.state))
        value = urlsafe_b64encode(self._keys.seal(name, pending.encode())).rstrip(b"=").decode()
        room, kept, dropped = _MOST_BYTES - len(name) - len(value), 1, list[Cookie]()
        for other in sorted(self._own(cookies), reverse=True):
            room -= len(other) + len(cookies[other])
            kept += 1
            if room < 0 or kept > _MOST:
                dropped.append(self._cookie(other, "", 0))
        return [self._cookie(name, value, LIFETIME), *dropped]

    def find(self, state: str, cookies: Mapping[str, str]) -> tuple[str, PendingSignIn] | None:
        """Return the sign-in with this state and the name of its cookie."""
        mark = _mark(state)
        for name in self._own(cookies):
            if name.endswith(f"-{mark}"):
                pending = self._open(name, cookies[name])
                if pending is not None and hmac.compare_digest(pending.state.encode(), state.encode()):
                    return name, pending
        return None

    def expired(self, cookies: Mapping[str, str], now: float) -> list[str]:
        """Return the names of the cookies whose sign-ins can no longer be completed."""
        return [name for name in self._own(cookies) if now - self._names.started_at(name) > LIFETIME]

    def delete(self, name: str) -> Cookie:
        """Return the deletion of the cookie."""
        return self._cookie(name, "", 0)

    def _own(self, cookies: Mapping[str, str]) -> list[str]:
        return [name for name in cookies if self._names.is_pending(name)]

    def _open(self, name: str, value: str) -> PendingSignIn | None:
        try:
            envelope = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except ValueError:
            return None
        plaintext = self._keys.open(name, envelope)
        return None if plaintext is None else PendingSignIn.decode(plaintext)

    def _cookie(self, name: str, value: str, max_age: int) -> Cookie:
        return Cookie(name, value, max_age, secure=self._is_secure)


def _mark(state: str) -> str:
    return digest(state)[:16]
