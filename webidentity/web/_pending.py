"""Sign-ins that have begun: each in an encrypted cookie of the browser that began it."""

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
from webidentity.web._answer import Cookie

#: Seconds that the user has to come back from the authority.
LIFETIME = 600
#: Sign-ins that one browser may have under way, in as many tabs.
_MOST = 5
#: Bytes of cookies that they may take together; servers refuse headers of 8 kB.
_MOST_BYTES = 5000


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """One authorization request under way.

    state, nonce and verifier are three random values of 256 bits: each can leak without giving away another.
    """

    redirect_uri: str
    next_path: str
    #: What the code is redeemed for: scopes of one resource, unlike those that the user is asked for.
    scopes: tuple[str, ...]
    claims: str | None
    began_at: int
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=new_verifier, repr=False)

    def encode(self) -> bytes:
        """Return the request as JSON."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> "PendingSignIn | None":
        """Read what :meth:`encode` wrote."""
        values: dict[str, Any] = parse_object(data) or {}
        try:
            values["scopes"] = tuple(as_list(values["scopes"]))
            return cls(**values)
        except (KeyError, TypeError):
            return None


class PendingCookies:
    """Writes and reads the cookies.

    The name has the ``__Host-`` prefix wherever the browser speaks https, so that a sibling host cannot plant one. It
    ends in a digest of the state, so that several tabs do not disturb each other.
    """

    def __init__(self, keys: KeyRing, client_id: str, *, is_secure: bool) -> None:
        self._keys = keys
        self._is_secure = is_secure
        # Django's debug page hides the value of a cookie whose name has "auth" in it. The digest is there because the
        # applications on several ports of one host share its cookies, but not their limit.
        self._prefix = f"{'__Host-' if is_secure else ''}webidentity-auth-{digest(client_id)[:6]}-"

    def begin(self, pending: PendingSignIn, cookies: Mapping[str, str]) -> list[Cookie]:
        """Return the cookie of a new sign-in, and the deletion of the oldest ones that no longer fit."""
        name = f"{self._prefix}{pending.began_at}-{_mark(pending.state)}"
        value = urlsafe_b64encode(self._keys.seal(name, pending.encode())).rstrip(b"=").decode()
        names = sorted((other for other in cookies if other.startswith(self._prefix)), reverse=True)
        room, kept, dropped = _MOST_BYTES - len(name) - len(value), 1, list[Cookie]()
        for other in names:
            room -= len(other) + len(cookies[other])
            kept += 1
            if room < 0 or kept > _MOST:
                dropped.append(self._cookie(other, "", 0))
        return [self._cookie(name, value, LIFETIME), *dropped]

    def find(self, state: str, cookies: Mapping[str, str]) -> tuple[str, PendingSignIn] | None:
        """Return the name of the cookie that began with this state, and what it holds."""
        mark = _mark(state)
        for name, value in cookies.items():
            if name.startswith(self._prefix) and name.endswith(f"-{mark}"):
                pending = self._open(name, value)
                if pending is not None and hmac.compare_digest(pending.state.encode(), state.encode()):
                    return name, pending
        return None

    def expired(self, cookies: Mapping[str, str], now: float) -> list[str]:
        """Return the names of sign-ins that can no longer be finished."""
        names = [name for name in cookies if name.startswith(self._prefix)]
        return [name for name in names if now - _began_at(name.removeprefix(self._prefix)) > LIFETIME]

    def end(self, name: str) -> Cookie:
        """Return the deletion of the cookie."""
        return self._cookie(name, "", 0)

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


def _began_at(rest: str) -> float:
    digits = rest.partition("-")[0]
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0.0
