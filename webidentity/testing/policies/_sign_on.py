"""Sign-in with a password, single sign-on sessions, and the anti-forgery tokens of their forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import User
from webidentity.testing.directory._state import BrowserSession, SignedIn, TenantState, new_session_id
from webidentity.testing.policies._conditional_access import outstanding_claims, satisfy_claims
from webidentity.testing.transports._messages import TenantRequest


@dataclass(slots=True)
class SignOn:
    """The single sign-on session of the browser that sent a request."""

    state: TenantState
    browser_id: str = field(repr=False)
    session_id: str | None = field(repr=False)
    accounts: tuple[SignedIn, ...]

    @classmethod
    def of(cls, state: TenantState, request: TenantRequest) -> SignOn:
        """Read the session from the cookies, without the accounts whose user was revoked."""
        session_id = request.cookie(session_cookie(state))
        session = state.sessions.get(session_id) if session_id else None
        accounts = session.accounts if session else ()
        live = tuple(account for account in accounts if account.epoch == state.directory.epoch(account.user))
        browser_id = request.cookie(browser_cookie(state)) or secrets.token_urlsafe(24)
        return cls(state, browser_id, session_id if session else None, live)

    def account_of(self, object_id: str) -> SignedIn | None:
        """The signed-in account of this user, or None."""
        return next((account for account in self.accounts if account.user.object_id == object_id), None)

    def add(self, account: SignedIn) -> None:
        """Add an account to the session, under a new session id."""
        others = tuple(other for other in self.accounts if other.user != account.user)
        if self.session_id:
            self.state.sessions.drop(self.session_id)
        self.session_id = secrets.token_urlsafe(32)
        self.accounts = (account, *others)
        self.state.sessions.put(self.session_id, BrowserSession(self.accounts))

    def remove(self, object_id: str | None = None) -> None:
        """Sign out one account, or all of them."""
        kept = tuple(account for account in self.accounts if object_id and account.user.object_id != object_id)
        if self.session_id:
            self.state.sessions.drop(self.session_id)
            if kept:
                self.state.sessions.put(self.session_id, BrowserSession(kept))
            else:
                self.session_id = None
        self.accounts = kept

    def form_token(self, step: str, query: str) -> str:
        """The anti-forgery token of a form, bound to this browser and this request.

        The tokens of the consent and confirmation forms are also bound to the signed-in account. Those of sign-in forms
        are not, so that a sign-in in one tab does not invalidate the form in another tab.
        """
        bound = step in ("confirm", "consent") and self.accounts
        account = self.accounts[0].user.object_id if bound else ""
        text = f"{self.browser_id}|{account}|{step}|{query}"
        return hmac.new(self.state.form_key, text.encode(), hashlib.sha256).hexdigest()

    def check_form(self, step: str, query: str, token: str | None) -> None:
        """Check the anti-forgery token of a submitted form.

        :raises TenantError: the form was not shown to this browser (AADSTS50089).
        """
        if not hmac.compare_digest(self.form_token(step, query).encode(), (token or "").encode()):
            raise TenantError(50089, "The form has expired or was not shown to this browser. Start again from the app.")

    def cookies(self) -> list[tuple[str, str]]:
        """The ``Set-Cookie`` headers of this session."""
        secure = "; Secure" if self.state.base_url.startswith("https:") else ""
        attributes = f"Path=/; HttpOnly; SameSite=Lax{secure}"
        session = f"{session_cookie(self.state)}={self.session_id or ''}; {attributes}"
        if self.session_id is None:
            session += "; Max-Age=0"
        return [
            ("Set-Cookie", f"{browser_cookie(self.state)}={self.browser_id}; {attributes}"),
            ("Set-Cookie", session),
        ]


def session_cookie(state: TenantState) -> str:
    """The name of the session cookie. It has part of the tenant id, because tenants on localhost share cookies."""
    return f"localtenant-session-{state.tenant_id[:8]}"


def browser_cookie(state: TenantState) -> str:
    """The name of the cookie that binds forms to a browser."""
    return f"localtenant-browser-{state.tenant_id[:8]}"


def check_password(state: TenantState, username: str, password: str) -> User:
    """The user with this username and password.

    :raises TenantError: the user is unknown (AADSTS50034) or the password is wrong (AADSTS50126).
    """
    user = state.directory.user_named(username)
    if user is None:
        advice = "" if state.directory.users else " This local tenant has no users: add one with add_user()."
        raise TenantError(
            50034,
            f"The user account does not exist in the {state.domain} directory. Check the username and try again."
            f"{advice}",
        )
    if not hmac.compare_digest(password.encode(), user.password.encode()):
        raise TenantError(50126, "Error validating credentials due to invalid username or password.")
    return user


def sign_in(sign_on: SignOn, user: User, *, acrs: frozenset[str], claims: str | None) -> SignedIn:
    """Sign a user in: add the account to the browser's session, and record which claims the sign-in satisfied."""
    known = sign_on.account_of(user.object_id)
    state = sign_on.state
    account = SignedIn(
        user=user,
        sid=known.sid if known else new_session_id(),
        auth_time=state.now(),
        epoch=state.directory.epoch(user),
        acrs=(known.acrs if known else frozenset[str]()) | acrs,
    )
    sign_on.add(account)
    satisfy_claims(state.directory, user, claims)
    return account


def is_strong_enough(state: TenantState, account: SignedIn, *, acrs: frozenset[str], claims: str | None) -> bool:
    """Whether a signed-in account satisfies these claims without a new sign-in."""
    return acrs <= account.acrs and not outstanding_claims(state.directory, account.user, claims)
