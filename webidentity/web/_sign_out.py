"""Sign-out: here first, then at the authority (OpenID Connect RP-Initiated Logout 1.0)."""

import logging

from webidentity._protocol.effects import Flow
from webidentity.cache._store import StoreUnavailableError
from webidentity.web._answer import Answer, html_answer
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import OWN_ORIGIN, Page, refuse, send_to_authority
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._settings import Settings
from webidentity.web._tenants import TenantResolver

_LOGGER = logging.getLogger("webidentity.web")


class SignOut:
    """Ends sessions, for POST requests from this site only."""

    def __init__(
        self, settings: Settings, tenants: TenantResolver, sessions: Sessions, loop_guard: RedirectLoopGuard
    ) -> None:
        self._after_sign_out = settings.after_sign_out
        self._tenants = tenants
        self._sessions = sessions
        self._loop_guard = loop_guard

    def answer(self, facts: RequestFacts, state: SessionState | None) -> Flow[Answer]:
        """Answer the sign-out route. GET shows a button, so that a link or an image cannot sign a user out."""
        if facts.method in {"GET", "HEAD"}:
            text = "You will be signed out of this application and of Microsoft Entra ID."
            page = Page("Sign out?", text, action=(facts.path, "Sign out"), posts=True)
            return html_answer(200, page.html(), (OWN_ORIGIN,))
        if facts.method != "POST":
            page = Page("This address accepts POST requests only", "Use the sign-out button to sign out.")
            return refuse(facts, 405, "method_not_allowed", page, (("Allow", "GET, POST"),))
        if facts.is_cross_site:
            page = Page("We did not sign you out", "The request came from another site. Sign out on this site instead.")
            return refuse(facts, 403, "cross_site_request", page)
        try:
            claims = (yield from self._sessions.end(state)) if state is not None else {}
        except StoreUnavailableError as error:
            # The session is kept in the browser: without it, the user could not try again.
            _LOGGER.error("A session could not be ended: %s", error)  # noqa: TRY400 - the message says it all
            return _not_ended(facts)
        parameters: dict[str, str] = {}
        if facts.has_trusted_host:
            parameters["post_logout_redirect_uri"] = f"{facts.root_url}{self._after_sign_out}"
        hint = claims.get("login_hint")
        if isinstance(hint, str):
            parameters["logout_hint"] = hint
        tenant = (self._tenants.for_session(state.record) if state else None) or self._tenants.for_sign_in()
        answer = send_to_authority(facts, tenant.logout_url({"client_id": tenant.client_id, **parameters}))
        return answer.with_session("end").with_cookies(self._loop_guard.forget(facts))


def _not_ended(facts: RequestFacts) -> Answer:
    page = Page(
        "You are still signed in",
        "The application cannot write to its session storage, so it could not end your session. Try again in a minute.",
        action=(facts.path, "Sign out"),
        posts=True,
    )
    headers = (("Retry-After", "10"), OWN_ORIGIN)
    return refuse(facts, 503, "temporarily_unavailable", page, headers)
