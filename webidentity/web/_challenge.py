"""Challenges: how each kind of caller is told to sign in, to consent, or to authenticate again."""

from base64 import b64encode

from webidentity._protocol.advice import aadsts, advice_for
from webidentity._protocol.effects import Flow
from webidentity.errors import AuthenticationRequiredError, EntraError
from webidentity.web._answer import Answer, json_answer
from webidentity.web._caller import Caller, bearer_token, caller_of
from webidentity.web._facts import RequestFacts
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._sign_in import SignIn
from webidentity.web._sign_in_links import SignInLinks, SignInRequest
from webidentity.web._user_needed import UserNeededError


class Challenges:
    """Answers requests that need their user to sign in, to consent, or to authenticate again."""

    def __init__(self, sign_in: SignIn, links: SignInLinks, loop_guard: RedirectLoopGuard) -> None:
        self._sign_in = sign_in
        self._links = links
        self._loop_guard = loop_guard

    def answer(self, facts: RequestFacts, error: AuthenticationRequiredError) -> Flow[Answer]:
        """Return the challenge: a redirection for browsers, status 401 for other callers."""
        caller = caller_of(facts)
        if caller is Caller.CLIENT:
            return _challenge_client(facts, error)
        login_hint = error.login_hint if isinstance(error, UserNeededError) else None
        request = SignInRequest(self._return_path(facts), tuple(error.scopes), error.claims, login_hint)
        if caller is Caller.BROWSER:
            return self._loop_guard.stop(facts, request) or (yield from self._sign_in.start(facts, request))
        login_url = self._links.url(facts, request)
        if caller is Caller.HTMX:
            return Answer(401, headers=(("HX-Redirect", login_url), ("Cache-Control", "no-store")))
        content = {
            "error": "sign_in_required",
            "message": "Sign in to continue: open login_url in the browser.",
            "login_url": login_url,
        }
        return json_answer(401, content, (("Vary", "Sec-Fetch-Mode, Accept"),))

    @staticmethod
    def _return_path(facts: RequestFacts) -> str:
        """Return the path to go to after the sign-in: the requested page, or the page that sent the request."""
        if caller_of(facts) is Caller.BROWSER and facts.method in {"GET", "HEAD"}:
            return facts.return_path
        for header in ("hx-current-url", "referer"):
            url = facts.header(header)
            if url.startswith(f"{facts.root_url}/"):
                return facts.root_path + url.removeprefix(facts.root_url)
        return f"{facts.root_path}/"


def _challenge_client(facts: RequestFacts, error: AuthenticationRequiredError) -> Answer:
    """Return status 401 (RFC 6750 section 3), with the claims challenge in the form that Microsoft's APIs use."""
    parts = ["Bearer"]
    content = {"error": "token_required", "message": "Send an access token: Authorization: Bearer <token>."}
    if bearer_token(facts) is not None:
        reason = header_text(_reason(error))
        content = {"error": "interaction_required", "message": reason}
        parts = ['Bearer error="invalid_token"', f'error_description="{reason}"']
        if error.claims:
            encoded = b64encode(error.claims.encode()).decode()
            parts = ['Bearer error="insufficient_claims"', f'claims="{encoded}"']
    return json_answer(401, content, (("WWW-Authenticate", ", ".join(parts)),))


def _reason(error: AuthenticationRequiredError) -> str:
    """Return why, for another program. An authority's description may name the user, so only its codes are sent."""
    cause = error.__cause__
    if not isinstance(cause, EntraError):
        return error.message
    advice = advice_for(cause.error_codes)
    reason = f"The user must sign in, consent or authenticate again: {aadsts(cause.error_codes)}."
    return f"{reason} {advice}" if advice else reason


def header_text(text: str) -> str:
    """Return the text in a form that a quoted header parameter allows: printable ASCII without quote or backslash."""
    kept = "".join(character if " " <= character <= "~" and character not in '"\\' else " " for character in text)
    return " ".join(kept.split())[:500]
