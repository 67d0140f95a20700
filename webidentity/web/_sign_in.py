"""The beginning of a sign-in: the authorization request (OpenID Connect Core 3.1.2.1, RFC 9700 section 2.1)."""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from webidentity._authority import is_loopback
from webidentity._json import as_list, as_text, parse_object
from webidentity._protocol.authorization import authorize_url, challenge_of
from webidentity.cache._envelope import KeyRing
from webidentity.web._answer import Answer, redirect
from webidentity.web._facts import RequestFacts
from webidentity.web._next_url import safe_next
from webidentity.web._pages import Page
from webidentity.web._pending import PendingCookies, PendingSignIn
from webidentity.web._refusal import refuse
from webidentity.web._routes import Routes
from webidentity.web._settings import Settings

#: Asked for at every sign-in: an ID token, the profile in it, and a refresh token.
ALWAYS = ("openid", "profile", "offline_access")
_SEAL_NAME = "webidentity sign-in request"


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """What a sign-in is for: where to go afterwards, and what has to be consented or proven."""

    next_path: str
    scopes: tuple[str, ...] = ()
    claims: str | None = None


class SignIn:
    """Begins sign-ins.

    :param keys: seal the pending sign-in, which the browser keeps.
    :param routes: the application's routes, known once the framework has them.
    """

    def __init__(self, settings: Settings, keys: KeyRing, routes: Callable[[], Routes]) -> None:
        self._settings = settings
        self._keys = keys
        self._routes = routes

    def visit(self, facts: RequestFacts) -> Answer:
        """Answer the public sign-in route. From its query come only ``next`` and what this application sealed."""
        request = self._open_request(facts.parameter("request"))
        if request is None:
            path = safe_next(facts.parameter("next"), facts.root_path)
            request = SignInRequest(path or f"{facts.root_path}/")
        return self.begin(facts, request)

    def begin(self, facts: RequestFacts, request: SignInRequest) -> Answer:
        """Send the browser to the authority."""
        refusal = self._refuse_host(facts)
        if refusal is not None:
            return refusal
        settings = self._settings
        pending = PendingSignIn(
            redirect_uri=f"{facts.root_url}{self._routes().callback}",
            next_path=safe_next(request.next_path, facts.root_path) or f"{facts.root_path}/",
            scopes=_distinct(*ALWAYS, *request.scopes),
            claims=request.claims,
            began_at=int(time.time()),
        )
        parameters = {
            "client_id": settings.client_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": pending.redirect_uri,
            "scope": " ".join(_distinct(*pending.scopes, *settings.scopes)),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge_of(pending.verifier),
            "code_challenge_method": "S256",
            **({"claims": pending.claims} if pending.claims else {}),
        }
        jar = PendingCookies(self._keys, settings.client_id, is_secure=facts.is_secure)
        cookies = jar.begin(pending, facts.cookies)
        url = authorize_url(settings.authority, settings.tenant_id, parameters)
        # 303: also a POST continues with GET (RFC 9700 section 4.12).
        return redirect(url, status=302 if facts.method in {"GET", "HEAD"} else 303).with_cookies(*cookies)

    def seal_request(self, request: SignInRequest) -> str:
        """Return the request for a link of the page, so that nobody else can choose its scopes."""
        sealed = self._keys.seal(_SEAL_NAME, json.dumps(asdict(request)).encode())
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _open_request(self, value: str | None) -> SignInRequest | None:
        try:
            sealed = urlsafe_b64decode(f"{value or ''}==")
        except ValueError:
            return None
        document = parse_object(self._keys.open(_SEAL_NAME, sealed) or b"")
        if document is None:
            return None
        scopes = tuple(scope for scope in as_list(document.get("scopes")) if isinstance(scope, str))
        return SignInRequest(as_text(document.get("next_path")) or "/", scopes, as_text(document.get("claims")))

    @staticmethod
    def _refuse_host(facts: RequestFacts) -> Answer | None:
        """The redirect URI is made of the request's host, so the host must be the application's own."""
        parts = urlsplit(facts.root_url)
        local = is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not local:
            problem = (
                f"This page was reached as {facts.root_url}, without https. Microsoft Entra ID sends people back to "
                "https addresses only. Behind a proxy, set base_url to the address that browsers use."
            )
            return refuse(facts, 400, "https_required", Page("Sign-in needs https", problem))
        if not facts.is_ours:
            problem = (
                "This application was not told under which host it is reached. Set base_url, for example to "
                f"{facts.root_url}, or the framework's list of trusted hosts."
            )
            return refuse(facts, 400, "host_not_trusted", Page("Sign-in is not set up for this host", problem))
        return None


def _distinct(*scopes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scopes))
