"""Pending sign-ins: each is kept in an encrypted cookie of the browser that started it."""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from webidentity._json import as_list, parse_object
from webidentity._protocol.authorization import new_verifier
from webidentity.cache._envelope import KeyRing
from webidentity.web._cookies import Cookie, CookieNames
from webidentity.web._sealed_text import is_of_another_secret, open_text, seal_text

#: Seconds that the user has to return from the authority.
LIFETIME = 600
#: Name and value of one cookie, in bytes. Longer ones share the first slot.
_SHORT = 800
#: The same for the longest cookie: browsers keep 4096 bytes, with the attributes (RFC 6265 section 6.1), and Gunicorn
#: accepts 8,190 bytes of all cookies, the session's included.
_LONGEST = 3600
#: Total size of the cookies in bytes, if the sign-ins are started one after the other. Servers refuse headers of 8 kB.
_MOST_BYTES = 5000
#: Characters of a path that the state parameter carries.
_LONGEST_PATH = 300


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """One authorization request that waits for its response.

    state, nonce and verifier are three independent random values of 256 bits: none of them reveals another.

    :param next_path: where to return to, "" if it is kept on the server together with the claims.
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


class StateParameter:
    """The ``state`` parameter: the random state of the request and, encrypted, the page to return to.

    If the cookie was lost, the page that says so can lead there.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def write(self, pending: PendingSignIn) -> str:
        """Return the value to send. Long paths are left out, because servers limit the length of URLs."""
        if len(pending.next_path) > _LONGEST_PATH:
            return pending.state
        return f"{pending.state}.{seal_text(self._keys, f'return/{pending.state}', pending.next_path.encode())}"

    def read(self, value: str) -> tuple[str, str | None]:
        """Return the state, and the path if this application has encrypted it for this state."""
        state, _, sealed = value.partition(".")
        path = open_text(self._keys, f"return/{state}", sealed)
        return state, path.decode() if path is not None else None


class PendingCookies:
    """Writes and reads the cookies. There is a fixed set of names, so that their number is limited in any case.

    Pages that are opened at the same time do not know of each other and may choose the same name: the last one wins.
    A value begins with the time of the request, so that the oldest one is replaced if all names are in use.
    """

    def __init__(self, keys: KeyRing, client_id: str, *, is_secure: bool) -> None:
        self._keys = keys
        self._is_secure = is_secure
        self._names = CookieNames(client_id, is_secure=is_secure).pending

    def fits(self, pending: PendingSignIn) -> bool:
        """Whether a cookie can keep the whole request."""
        first = self._names[0]
        return len(first) + len(self._seal(first, pending)) <= _LONGEST

    def add(self, pending: PendingSignIn, cookies: Mapping[str, str], *, start_page: str = "/") -> list[Cookie]:
        """Return the cookie of a new sign-in, and the deletion of the oldest ones that no longer fit.

        :param start_page: where to return to if the cookie would be too large with the path of the request.
        """
        own = self._own(cookies)
        first, *others = self._names
        # At random among equals: the choice of pages that are opened at the same time is then rarely the same.
        name = min(others, key=lambda name: (_started_at(own.get(name, "")), secrets.randbelow(1 << 30)))
        value = self._seal(name, pending)
        if len(name) + len(value) > _SHORT:
            name, value = first, self._seal(first, pending)
            shorter = replace(pending, next_path=pending.next_path.partition("?")[0])
            for request in (shorter, replace(pending, next_path=start_page), replace(shorter, claims=None)):
                if len(name) + len(value) > _LONGEST:
                    value = self._seal(first, request)
        own.pop(name, None)
        room, dropped = _MOST_BYTES - len(name) - len(value), list[Cookie]()
        for other in sorted(own, key=lambda other: _started_at(own[other]), reverse=True):
            room -= len(other) + len(own[other])
            if room < 0:
                dropped.append(self._cookie(other, "", 0))
        return [self._cookie(name, value, LIFETIME), *dropped]

    def find(self, state: str, cookies: Mapping[str, str]) -> tuple[str, PendingSignIn] | None:
        """Return the sign-in with this state and the name of its cookie."""
        for name, value in self._own(cookies).items():
            pending = self._open(name, value)
            if pending is not None and hmac.compare_digest(pending.state.encode(), state.encode()):
                return name, pending
        return None

    def are_of_another_secret(self, cookies: Mapping[str, str]) -> bool:
        """Return whether one of the cookies was encrypted with a secret key that this process does not know."""
        sealed = (value.partition(".")[2] for value in self._own(cookies).values())
        return any(is_of_another_secret(self._keys, text) for text in sealed)

    def expired(self, cookies: Mapping[str, str], now: float) -> list[str]:
        """Return the names of the cookies whose sign-ins can no longer be completed."""
        return [name for name, value in self._own(cookies).items() if now - _started_at(value) > LIFETIME]

    def delete(self, name: str) -> Cookie:
        """Return the deletion of the cookie."""
        return self._cookie(name, "", 0)

    def _own(self, cookies: Mapping[str, str]) -> dict[str, str]:
        return {name: cookies[name] for name in self._names if name in cookies}

    def _seal(self, name: str, pending: PendingSignIn) -> str:
        time = str(pending.started_at)
        return f"{time}.{seal_text(self._keys, f'{name}={time}', pending.encode())}"

    def _open(self, name: str, value: str) -> PendingSignIn | None:
        time, _, sealed = value.partition(".")
        plaintext = open_text(self._keys, f"{name}={time}", sealed)
        return None if plaintext is None else PendingSignIn.decode(plaintext)

    def _cookie(self, name: str, value: str, max_age: int) -> Cookie:
        return Cookie(name, value, max_age, secure=self._is_secure)


def _started_at(value: str) -> float:
    """Return when the sign-in was started, in Unix seconds; 0.0 if the value is malformed."""
    digits = value.partition(".")[0]
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0.0
