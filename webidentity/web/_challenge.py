"""How a caller that cannot be served is told so, each in its own dialect."""

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlencode

from webidentity.errors import AuthenticationRequiredError
from webidentity.web._answer import Answer, json_answer
from webidentity.web._caller import Caller, bearer_token, caller_of
from webidentity.web._facts import RequestFacts
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._routes import Routes
from webidentity.web._sign_in import SignIn, SignInRequest


class Challenges:
    """Answers whoever has to sign in, consent or prove more."""

    def __init__(self, sign_in: SignIn, loop_guard: RedirectLoopGuard, routes: Callable[[], Routes]) -> None:
        self._sign_in = sign_in
        self._loop_guard = loop_guard
        self._routes = routes

    def answer(self, facts: RequestFacts, error: AuthenticationRequiredError) -> Answer:
        """Return the challenge: a redirection, or an answer of status 401."""
        caller = caller_of(facts)
        if caller is Caller.CLIENT:
            return _challenge_client(facts, error)
        request = SignInRequest(self._return_path(facts), tuple(error.scopes), error.claims)
        if caller is Caller.BROWSER:
            circle = self._loop_guard.stop(facts, request, self._routes().sign_in)
            return circle or self._sign_in.begin(facts, request)
        query = urlencode({"request": self._sign_in.seal_request(request)})
        login_url = f"{facts.root_path}{self._routes().sign_in}?{query}"
        if caller is Caller.HTMX:
            return Answer(401, headers=(("HX-Redirect", login_url), ("Cache-Control", "no-store")))
        content = {
            "error": "sign_in_required",
            "message": "Sign in to continue: send the browser to login_url.",
            "login_url": login_url,
        }
        return json_answer(401, content, (("Vary", "Sec-Fetch-Mode, Accept"),))

    @staticmethod
    def _return_path(facts: RequestFacts) -> str:
        """Return where to come back to: the page that was asked for, or the one the user was on."""
        if caller_of(facts) is Caller.BROWSER and facts.method in {"GET", "HEAD"}:
            return facts.return_path
        for header in ("hx-current-url", "referer"):
            url = facts.header(header)
            if url.startswith(f"{facts.root_url}/"):
                return facts.root_path + url.removeprefix(facts.root_url)
        return f"{facts.root_path}/"


def _challenge_client(facts: RequestFacts, error: AuthenticationRequiredError) -> Answer:
    """RFC 6750 section 3; the claims challenge as Microsoft's APIs send it."""
    parts = ["Bearer"]
    content = {"error": "token_required", "message": "Send an access token: Authorization: Bearer <token>."}
    if bearer_token(facts) is not None:
        content = {"error": "interaction_required", "message": header_text(error.message)}
        parts = ['Bearer error="invalid_token"', f'error_description="{header_text(error.message)}"']
        if error.claims:
            encoded = b64encode(error.claims.encode()).decode()
            parts = ['Bearer error="insufficient_claims"', f'claims="{encoded}"']
    return json_answer(401, content, (("WWW-Authenticate", ", ".join(parts)),))


def header_text(text: str) -> str:
    """Return text that may stand in a quoted header parameter: printable ASCII without quote or backslash."""
    kept = "".join(character if " " <= character <= "~" and character not in '"\\' else " " for character in text)
    return " ".join(kept.split())[:500]
