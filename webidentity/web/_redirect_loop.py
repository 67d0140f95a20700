"""Stops redirect loops: the user signs in, comes back, and is sent to sign in again."""

import json

from webidentity.cache._partition import digest
from webidentity.web._answer import Answer
from webidentity.web._cookies import Cookie, CookieNames
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page, refuse
from webidentity.web._sign_in import ALWAYS
from webidentity.web._sign_in_links import SignInLinks, SignInRequest
from webidentity.web._tenants import TenantResolver

#: Seconds within which repeated sign-ins for the same page and scopes count as a loop.
_LIFETIME = 30
#: Sign-ins that may follow each other. One repetition is legitimate: a session may end, or a cookie may be lost.
_MOST = 2


class RedirectLoopGuard:
    """Remembers the last completed sign-in in a short-lived cookie."""

    def __init__(self, tenants: TenantResolver, links: SignInLinks) -> None:
        self._tenants = tenants
        self._links = links

    def remember(self, facts: RequestFacts, request: SignInRequest) -> Cookie:
        """Return the cookie to set when a sign-in is complete."""
        mark = _mark(request)
        return self._cookie(facts, f"{mark}.{self._count(facts, mark) + 1}", _LIFETIME)

    def forget(self, facts: RequestFacts) -> Cookie:
        """Return the cookie's deletion."""
        return self._cookie(facts, "", 0)

    def stop(self, facts: RequestFacts, request: SignInRequest) -> Answer | None:
        """Return a page that explains the problem, None if this is not a loop."""
        if self._count(facts, _mark(request)) < _MOST:
            return None
        page = Page(
            "Signing in did not solve the problem",
            "You just signed in, and this page asks you to sign in again. If your browser blocks cookies for this "
            "site, allow them.",
            "For the administrator: check that the browser returns the session cookie (SESSION_COOKIE_SECURE requires "
            "https), and that this user can be granted the permissions that the page requests.",
            (self._links.url(facts, request), "Try again"),
        )
        return refuse(facts, 403, "sign_in_did_not_help", page).with_cookies(self.forget(facts))

    def _count(self, facts: RequestFacts, mark: str) -> int:
        """Return how many sign-ins for the same request were completed in a row."""
        known, _, count = facts.cookies.get(self._name(facts), "").partition(".")
        return int(count) if known == mark and count.isascii() and count.isdigit() and len(count) < 4 else 0

    def _cookie(self, facts: RequestFacts, value: str, max_age: int) -> Cookie:
        return Cookie(self._name(facts), value, max_age, secure=facts.is_secure)

    def _name(self, facts: RequestFacts) -> str:
        return CookieNames(self._tenants.for_sign_in().client_id, is_secure=facts.is_secure).completed


def _mark(request: SignInRequest) -> str:
    scopes = sorted(set(request.scopes).difference(ALWAYS))
    return digest(json.dumps([request.next_path, scopes, request.claims]))[:24]
