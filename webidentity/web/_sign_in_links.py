"""Links to the sign-in route that say what the sign-in is for."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer

from webidentity._json import as_list, as_object, as_text
from webidentity.cache._envelope import KeyRing
from webidentity.web._facts import RequestFacts
from webidentity.web._settings import Routes

#: Seconds that a link can be used. A page may stay open for a while before its user follows the link.
LIFETIME = 3600
_PURPOSE = "webidentity sign-in request"


class SignInRequest(NamedTuple):
    """What a sign-in is for.

    :param next_path: where to go afterwards.
    :param scopes: what the user must consent to.
    :param claims: a claims challenge to satisfy, a JSON string.
    :param login_hint: the user who is expected to sign in: the claim ``login_hint``, or a username.
    """

    next_path: str
    scopes: tuple[str, ...] = ()
    claims: str | None = None
    login_hint: str | None = None

    def __repr__(self) -> str:
        """Leave out the login hint: it may be an e-mail address."""
        return f"<SignInRequest {self.scopes!r}>"


class OpenedLink(NamedTuple):
    """A request that this application sealed.

    :param is_expired: whether the link is too old to be used.
    """

    request: SignInRequest
    is_expired: bool


class SignInLinks:
    """Makes and opens the links.

    A link is signed and has a time, so that only this application can choose its scopes and claims. Its content is
    encrypted: the link appears in access logs, and the path to return to may have private parameters.

    :param secret_keys: the framework's secret key, then its fallbacks.
    :param keys: encrypt the content; made of the same secret keys.
    """

    def __init__(self, secret_keys: Sequence[str | bytes], keys: KeyRing, routes: Callable[[], Routes]) -> None:
        self._routes = routes
        # itsdangerous annotates serializers that write text. With one that writes bytes, it returns bytes.
        self._serializer: Any = URLSafeTimedSerializer(
            [_as_bytes(key) for key in reversed(secret_keys)],  # itsdangerous signs with the last one
            salt=_PURPOSE,
            serializer=cast("Any", _Encrypted(keys)),
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def url(self, facts: RequestFacts, request: SignInRequest) -> str:
        """Return a link that starts this sign-in, valid for ``LIFETIME`` seconds."""
        return self._route(facts, {"request": self._serializer.dumps(request._asdict()).decode()})

    def plain_url(self, facts: RequestFacts, next_path: str | None = None) -> str:
        """Return a link to the sign-in route that does not expire and asks for nothing special."""
        return self._route(facts, {"next": next_path} if next_path else {})

    def open(self, facts: RequestFacts) -> OpenedLink | None:
        """Return the request of the link that the browser opened, None unless this application sealed it."""
        try:
            # Not max_age: it refuses a link from a server whose clock is slightly ahead.
            content, sealed_at = self._serializer.loads(facts.parameter("request") or "", return_timestamp=True)
        except BadData:
            return None
        document = as_object(content) or {}
        scopes = tuple(scope for scope in as_list(document.get("scopes")) if isinstance(scope, str))
        claims, login_hint = as_text(document.get("claims")), as_text(document.get("login_hint"))
        request = SignInRequest(as_text(document.get("next_path")) or "/", scopes, claims, login_hint)
        return OpenedLink(request, int(time.time()) - sealed_at.timestamp() > LIFETIME)

    def _route(self, facts: RequestFacts, query: dict[str, str]) -> str:
        path = f"{facts.root_path}{self._routes().sign_in}"
        return f"{path}?{urlencode(query)}" if query else path


def _as_bytes(key: str | bytes) -> bytes:
    return key.encode() if isinstance(key, str) else key


class _Encrypted:
    """Encrypts the JSON that itsdangerous signs."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def dumps(self, content: Any) -> bytes:
        return self._keys.seal(_PURPOSE, json.dumps(content, separators=(",", ":")).encode())

    def loads(self, sealed: bytes) -> Any:
        opened = self._keys.open(_PURPOSE, sealed)
        if opened is None:
            raise ValueError("the content cannot be decrypted")
        return json.loads(opened)
