"""Starting a sign-in: the authorization request (OpenID Connect Core 3.1.2.1, RFC 9700 section 2.1)."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from webidentity._authority import is_loopback
from webidentity._protocol.authorization import challenge_of
from webidentity._protocol.effects import Flow
from webidentity.cache._envelope import KeyRing
from webidentity.cache._token_cache import TokenCache
from webidentity.web._answer import Answer
from webidentity.web._facts import RequestFacts
from webidentity.web._long_requests import LongRequests
from webidentity.web._next_url import safe_next
from webidentity.web._pages import Page, refuse, send_to_authority
from webidentity.web._pending import PendingCookies, PendingSignIn, StateParameter
from webidentity.web._settings import Routes, Settings
from webidentity.web._sign_in_links import SignInLinks, SignInRequest
from webidentity.web._tenants import TenantResolver

#: Requested at every sign-in: an ID token, the profile claims in it, and a refresh token.
ALWAYS = ("openid", "profile", "offline_access")


class SignIn:
    """Starts sign-ins.

    :param keys: encrypt the pending sign-in, which the browser keeps in a cookie.
    :param cache: keeps what is too long for a cookie.
    :param spell: returns how the framework spells the name of a setting.
    """

    def __init__(
        self,
        settings: Settings,
        tenants: TenantResolver,
        keys: KeyRing,
        links: SignInLinks,
        routes: Callable[[], Routes],
        cache: TokenCache,
        spell: Callable[[str], str],
    ) -> None:
        self._scopes = settings.scopes
        self._tenants = tenants
        self._keys = keys
        self._links = links
        self._routes = routes
        self._long_requests = LongRequests(cache)
        self._spell = spell

    def visit(self, facts: RequestFacts) -> Flow[Answer]:
        """Answer the sign-in route. Its query contains ``next``, or a request that this application sealed."""
        link = self._links.open(facts)
        if link is None:
            path = safe_next(facts.parameter("next"), facts.root_path)
            return (yield from self.start(facts, SignInRequest(path or f"{facts.root_path}/")))
        if link.is_expired:
            page = Page(
                "This sign-in link has expired",
                "Sign-in links are valid for one hour. Sign in again to continue.",
                action=(self._links.plain_url(facts, link.request.next_path), "Sign in again"),
            )
            return refuse(facts, 400, "sign_in_link_expired", page)
        return (yield from self.start(facts, link.request))

    def start(self, facts: RequestFacts, request: SignInRequest) -> Flow[Answer]:
        """Send the browser to the authority."""
        refusal = self._refuse_host(facts)
        if refusal is not None:
            return refusal
        tenant = self._tenants.for_sign_in()
        pending = PendingSignIn(
            redirect_uri=f"{facts.root_url}{self._routes().callback}",
            next_path=safe_next(request.next_path, facts.root_path) or f"{facts.root_path}/",
            scopes=_distinct(*ALWAYS, *request.scopes),
            claims=request.claims,
            started_at=int(time.time()),
        )
        parameters = {
            "client_id": tenant.client_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": pending.redirect_uri,
            "scope": " ".join(_distinct(*pending.scopes, *self._scopes)),
            "state": StateParameter(self._keys).write(pending),
            "nonce": pending.nonce,
            "code_challenge": challenge_of(pending.verifier),
            "code_challenge_method": "S256",
            **({"claims": pending.claims} if pending.claims else {}),
            **({"login_hint": request.login_hint} if request.login_hint else {}),
        }
        cookies = PendingCookies(self._keys, tenant.client_id, is_secure=facts.is_secure)
        if not cookies.fits(pending):
            pending = yield from self._long_requests.keep(pending)
        added = cookies.add(pending, facts.cookies, start_page=f"{facts.root_path}/")
        return send_to_authority(facts, tenant.authorize_url(parameters)).with_cookies(*added)

    def _refuse_host(self, facts: RequestFacts) -> Answer | None:
        """Refuse a host that is not the application's: the redirect URI is built from the request's host."""
        parts = urlsplit(facts.root_url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            problem = (
                f"This page was opened at {facts.root_url}, without https. Microsoft Entra ID redirects to https "
                f"addresses only. Behind a proxy, set {self._spell('base_url')} to the address that browsers use."
            )
            return refuse(facts, 400, "https_required", Page("Sign-in requires https", problem))
        if not facts.has_trusted_host:
            problem = (
                f"The application does not know whether {facts.root_url} is its own address. Set "
                f"{self._spell('base_url')} to that address, or add the host to the framework's list of trusted hosts."
            )
            return refuse(facts, 400, "host_not_trusted", Page("Sign-in is not set up for this address", problem))
        return None


def _distinct(*scopes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scopes))
