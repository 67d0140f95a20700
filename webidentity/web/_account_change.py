"""A sign-in with another account than the session's, or beside a login of the framework: the user decides.

A link of another site can start a sign-in, and the authority may complete it at once, with the account that is signed
in there. Without a question, the user would continue in an account that is not the expected one.
"""

import json
import time
from html import escape
from typing import NamedTuple

from webidentity._json import as_object, as_text, parse_object
from webidentity._protocol.effects import Flow
from webidentity.cache._envelope import KeyRing
from webidentity.web._answer import Answer, StartSession, html_answer
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._cookies import Cookie, CookieNames
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import OWN_ORIGIN, Page, continue_at, html_page, refuse
from webidentity.web._sealed_text import open_text, seal_text
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import WAITING_LIFETIME, Sessions
from webidentity.web._tenants import TenantResolver

#: The parameter of the form, and what it may say.
PARAMETER, _SWITCH, _KEEP = "account", "switch", "keep"


class _Waiting(NamedTuple):
    """A session that waits for the user's decision.

    :param earlier: the entry of the browser's session, which need not be valid, or "".
    :param replaces_login: whether it would end a login of the framework, and no valid session.
    """

    state: SessionState
    earlier: str
    replaces_login: bool

    def is_of(self, earlier: SessionState | None, *, has_login: bool) -> bool:
        """Whether the browser still has what the session would replace."""
        return _entry(earlier) == self.earlier and (has_login or not self.replaces_login)


class AccountChange:
    """Asks, and does what the user decides. The session that waits is named by an encrypted cookie of the browser."""

    def __init__(self, tenants: TenantResolver, keys: KeyRing, sessions: Sessions) -> None:
        self._tenants = tenants
        self._keys = keys
        self._sessions = sessions

    def ask(
        self, facts: RequestFacts, earlier: SessionState | None, state: SessionState, *, replaces_login: bool = False
    ) -> Answer:
        """Return the page that asks. The session stays as it is.

        :param earlier: the session that the browser has.
        :param state: the session of the other account, which was begun as one that waits.
        :param replaces_login: whether a login of the framework would end, and no valid session.
        """
        content = {
            "session": state.to_json(),
            "earlier": _entry(earlier),
            "login": replaces_login,
            "at": int(time.time()),
        }
        name = self._name(facts)
        sealed = seal_text(self._keys, name, json.dumps(content).encode())
        current = None if earlier is None or replaces_login else earlier.record.username
        page = _page(facts.path, current, state.record.username)
        cookie = Cookie(name, sealed, WAITING_LIFETIME, secure=facts.is_secure)
        return html_answer(200, page, (OWN_ORIGIN,)).with_cookies(cookie)

    def decide(
        self, facts: RequestFacts, earlier: SessionState | None, pages: CallbackPages, *, has_login: bool = False
    ) -> Flow[Answer]:
        """Answer the form of the page.

        :param earlier: the session that the browser has.
        :param has_login: whether the browser has a login of the framework.
        """
        if facts.is_cross_site:
            page = Page("We did not change your account", "The request came from another site.")
            return refuse(facts, 403, "cross_site_request", page)
        waiting, choice = self._waiting(facts), facts.parameter(PARAMETER)
        forget = Cookie(self._name(facts), "", 0, secure=facts.is_secure)
        if waiting is None or not waiting.is_of(earlier, has_login=has_login) or choice not in (_SWITCH, _KEEP):
            return pages.not_found(None).with_cookies(forget)
        if choice == _KEEP:
            yield from self._sessions.end(waiting.state)
            return continue_at(facts, f"{facts.root_path}/").with_cookies(forget)
        if not (yield from self._sessions.is_waiting(waiting.state)):
            return pages.not_found(None).with_cookies(forget)
        # First: if the store fails between the two writes, the user can press the button again.
        if earlier is not None:
            yield from self._sessions.end(earlier)
        path = yield from self._sessions.confirm(waiting.state)
        if path is None:
            return pages.not_found(None).with_cookies(forget)
        started = StartSession(waiting.state.to_json(), same_user=False)
        return continue_at(facts, path).with_session(started).with_cookies(forget)

    def _waiting(self, facts: RequestFacts) -> _Waiting | None:
        name = self._name(facts)
        content = open_text(self._keys, name, facts.cookies.get(name, ""))
        document = parse_object(content) if content is not None else None
        if document is None or time.time() - document["at"] > WAITING_LIFETIME:
            return None
        state, earlier = SessionState.read(as_object(document.get("session"))), as_text(document.get("earlier"))
        return None if state is None else _Waiting(state, earlier or "", replaces_login=document.get("login") is True)

    def _name(self, facts: RequestFacts) -> str:
        return CookieNames(self._tenants.for_sign_in().client_id, is_secure=facts.is_secure).account_change


def _entry(state: SessionState | None) -> str:
    return state.entry if state is not None else ""


def _page(path: str, current: str | None, other: str) -> str:
    """Return the page. It has no style, so that it works under any policy.

    :param current: the account of the session, None for a login of the framework.
    """
    here, there = (escape(name or "another account") for name in (current, other))
    signed_in, stay = f"as <strong>{here}</strong>", f"Stay signed in as {here}"
    if current is None:
        signed_in, stay = "with <strong>your current login</strong>", "Stay signed in with your current login"
    target = f"{escape(path)}?{PARAMETER}="
    content = (
        f"<p>You are signed in to this application {signed_in}. Microsoft Entra ID has now signed "
        f"you in as <strong>{there}</strong>.</p>"
        "<p>If you did not start this sign-in yourself, stay with the first account.</p>"
        f'<form method="post"><p><button formaction="{target}{_KEEP}">{stay}</button></p>'
        f'<p><button formaction="{target}{_SWITCH}">Continue as {there}</button></p></form>'
    )
    return html_page("Change the account?", content)
