"""Sign-out: here first, then at the authority (OpenID Connect RP-Initiated Logout 1.0)."""

import logging
from typing import Any
from urllib.parse import urlsplit

from webidentity._protocol.effects import Flow
from webidentity._protocol.metadata import logout_url
from webidentity.cache._store import StoreUnavailableError
from webidentity.web._answer import Answer, html_answer, redirect
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._refusal import refuse
from webidentity.web._session import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._settings import Settings

_LOGGER = logging.getLogger("webidentity.web")


class SignOut:
    """Ends sessions, by POST from this site only."""

    def __init__(self, settings: Settings, sessions: Sessions, loop_guard: RedirectLoopGuard) -> None:
        self._settings = settings
        self._sessions = sessions
        self._loop_guard = loop_guard

    def answer(self, facts: RequestFacts, state: SessionState | None) -> Flow[Answer]:
        """Answer the sign-out route; a GET only asks, so that a link or an image cannot sign anybody out."""
        if facts.method in {"GET", "HEAD"}:
            text = "You will be signed out here and at Microsoft Entra ID."
            page = Page("Sign out?", text, action=(facts.path, "Sign out"), posts=True)
            # With "no-referrer" browsers send "Origin: null" for the button, like for a request of another site.
            return html_answer(200, page.html(), (("Referrer-Policy", "same-origin"),))
        if facts.method != "POST":
            page = Page("Sign out with a button", "This address takes POST.")
            return refuse(facts, 405, "method_not_allowed", page, (("Allow", "GET, POST"),))
        if is_cross_site(facts):
            page = Page("Sign out on this site", "The request came from another site and was not carried out.")
            return refuse(facts, 403, "cross_site_request", page)
        claims = yield from self._end(state)
        parameters: dict[str, str] = {}
        if facts.is_ours:
            parameters["post_logout_redirect_uri"] = f"{facts.root_url}{self._settings.after_sign_out}"
        hint = claims.get("login_hint")
        if isinstance(hint, str):
            parameters["logout_hint"] = hint
        url = logout_url(self._settings.authority, self._settings.tenant_id, parameters)
        return redirect(url, status=303).with_session("end").with_cookies(self._loop_guard.forget(facts))

    def _end(self, state: SessionState | None) -> Flow[dict[str, Any]]:
        """End the session on the server; the browser forgets it also when that fails."""
        try:
            return (yield from self._sessions.end(state)) if state is not None else {}
        except StoreUnavailableError as error:
            _LOGGER.error("A session could not be ended on the server: %s", error)  # noqa: TRY400 - the message has it all
            return {}


def is_cross_site(facts: RequestFacts) -> bool:
    """Whether another site caused the request, by what every current browser says of it (Fetch Metadata, Origin)."""
    site = facts.header("sec-fetch-site").lower()
    if site and site not in {"same-origin", "none"}:
        return True
    origin = facts.header("origin").lower()
    root = urlsplit(facts.root_url)
    # A page with the policy "no-referrer" posts to its own site with the origin "null".
    if origin == "null":
        return site != "same-origin"
    return origin not in {"", f"{root.scheme}://{root.netloc}".lower()}
