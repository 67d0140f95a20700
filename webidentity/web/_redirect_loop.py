"""A guard against going in circles: sign in, come back, be sent to sign in again."""

import json
from urllib.parse import urlencode

from webidentity.cache._partition import digest
from webidentity.web._answer import Answer, Cookie
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page
from webidentity.web._refusal import refuse
from webidentity.web._sign_in import ALWAYS, SignIn, SignInRequest

#: Seconds within which sign-ins for the same page and the same scopes are a circle and not a wish.
_LIFETIME = 30
#: Sign-ins that may follow each other: a session may end just then, or a cookie be lost, but not twice.
_MOST = 2


class RedirectLoopGuard:
    """Remembers for a moment, in a cookie, what the last sign-in was for."""

    def __init__(self, client_id: str, sign_in: SignIn) -> None:
        self._name = f"webidentity-auth-done-{digest(client_id)[:6]}"
        self._sign_in = sign_in

    def remember(self, facts: RequestFacts, request: SignInRequest) -> Cookie:
        """Return the cookie that goes with the end of a sign-in."""
        mark = _mark(request)
        value = f"{mark}.{self._count(facts, mark) + 1}"
        return Cookie(self._cookie_name(facts), value, _LIFETIME, secure=facts.is_secure)

    def forget(self, facts: RequestFacts) -> Cookie:
        """Return the deletion of the cookie."""
        return Cookie(self._cookie_name(facts), "", 0, secure=facts.is_secure)

    def stop(self, facts: RequestFacts, request: SignInRequest, sign_in_path: str) -> Answer | None:
        """Return a page instead of another sign-in for the same, None if this is no circle."""
        if self._count(facts, _mark(request)) < _MOST:
            return None
        query = urlencode({"request": self._sign_in.seal_request(request)})
        page = Page(
            "Signing in did not help",
            "You signed in just now, and the page asks for it again. If this site's cookies are blocked, allow them.",
            "For whoever runs this application: does its session cookie come back (SESSION_COOKIE_SECURE needs https), "
            "and can what the page asks for be granted to this person?",
            (f"{facts.root_path}{sign_in_path}?{query}", "Try again"),
        )
        return refuse(facts, 403, "sign_in_did_not_help", page).with_cookies(self.forget(facts))

    def _count(self, facts: RequestFacts, mark: str) -> int:
        """Return how many sign-ins for the same have just followed each other."""
        known, _, count = facts.cookies.get(self._cookie_name(facts), "").partition(".")
        return int(count) if known == mark and count.isascii() and count.isdigit() and len(count) < 4 else 0

    def _cookie_name(self, facts: RequestFacts) -> str:
        return f"__Host-{self._name}" if facts.is_secure else self._name


def _mark(request: SignInRequest) -> str:
    scopes = sorted(set(request.scopes).difference(ALWAYS))
    return digest(json.dumps([request.next_path, scopes, request.claims]))[:24]
