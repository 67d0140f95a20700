"""Sign-out: here first, then at the authority (OpenID Connect RP-Initiated Logout 1.0)."""

import logging
from typing import Any

from webidentity._protocol.effects import Flow
from webidentity.cache._store import StoreUnavailableError
from webidentity.web._answer import Answer, html_answer
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page, refuse, send_to_authority
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._sessions import Sessions, SessionState
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
            # With "no-referrer", browsers send "Origin: null" for the button, as for a request from another site.
            return html_answer(200, page.html(), (("Referrer-Policy", "same-origin"),))
        if facts.method != "POST":
            page = Page("This address accepts POST requests only", "Use the sign-out button to sign out.")
            return refuse(facts, 405, "method_not_allowed", page, (("Allow", "GET, POST"),))
        if facts.is_cross_site:
            page = Page("We did not sign you out", "The request came from another site. Sign out on this site instead.")
            return refuse(facts, 403, "cross_site_request", page)
        claims = yield from self._end(state)
        parameters: dict[str, str] = {}
        if facts.has_trusted_host:
            parameters["post_logout_redirect_uri"] = f"{facts.root_url}{self._after_sign_out}"
        hint = claims.get("login_hint")
        if isinstance(hint, str):
            parameters["logout_hint"] = hint
        tenant = (self._tenants.for_session(state.record) if state else None) or self._tenants.for_sign_in()
        answer = send_to_authority(facts, tenant.logout_url({"client_id": tenant.client_id, **parameters}))
        return answer.with_session("end").with_cookies(self._loop_guard.forget(facts))

    def _end(self, state: SessionState | None) -> Flow[dict[str, Any]]:
        """End the session on the server. If that fails, the browser still deletes its cookie."""
        try:
            return (yield from self._sessions.end(state)) if state is not None else {}
        except StoreUnavailableError as error:
            _LOGGER.error("A session could not be ended on the server: %s", error)  # noqa: TRY400 - the message says it all
            return {}
