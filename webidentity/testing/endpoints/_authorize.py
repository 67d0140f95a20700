"""The authorization endpoint: sign-in, account picker, consent, and the response to the application.

Every page posts back to its own URL, so each form is checked against the complete request again, and the tenant stores
nothing about unfinished sign-ins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from webidentity.testing._errors import ErrorTrace, TenantError
from webidentity.testing.directory._model import User
from webidentity.testing.directory._state import SignedIn, TenantState
from webidentity.testing.endpoints._authorization_reply import answer_app, issue_code, refuse
from webidentity.testing.endpoints._authorization_request import (
    AuthorizationRequest,
    read_authorization_request,
    read_reply_address,
)
from webidentity.testing.pages._sign_in import account_picker_page, consent_page, sign_in_page
from webidentity.testing.policies._scopes import consent_rows, missing_consents, record_consent
from webidentity.testing.policies._sign_on import SignOn, check_password, is_strong_enough, sign_in
from webidentity.testing.tokens._claims import user_hinted
from webidentity.testing.transports._messages import Parameters, TenantRequest, TenantResponse


@dataclass(slots=True)
class Interaction:
    """One request to the authorization endpoint."""

    state: TenantState
    request: AuthorizationRequest
    sign_on: SignOn
    action: str
    after_form: bool

    @property
    def query(self) -> str:
        """The query string, to which the anti-forgery tokens of the forms are bound."""
        return urlsplit(self.action).query


def answer_authorize(state: TenantState, request: TenantRequest, trace: ErrorTrace) -> TenantResponse:
    """Answer with a page, or with a redirect to the application with a code or an error."""
    query = request.query
    reply = read_reply_address(state, query)
    sign_on = SignOn.of(state, request)
    try:
        parts = urlsplit(request.url)
        checked = read_authorization_request(state, reply, query)
        visit = Interaction(state, checked, sign_on, f"{parts.path}?{parts.query}", request.method == "POST")
        response = _submit(visit, request.form.once_each()) if request.method == "POST" else _begin(visit)
    except TenantError as error:
        if error.code == 50089:
            raise
        response = refuse(reply, trace, error, after_form=request.method == "POST")
    return replace(response, headers=(*response.headers, *sign_on.cookies()))


def _begin(visit: Interaction) -> TenantResponse:
    account = _silent_account(visit)
    prompt = visit.request.prompt
    if prompt == "none":
        return _silently(visit, account)
    accounts = visit.sign_on.accounts
    if prompt == "login" or not accounts:
        return _ask_sign_in(visit)
    if prompt == "select_account" or (account is None and not visit.request.login_hint):
        return _ask_account(visit)
    if account is None or not _is_strong_enough(visit, account):
        return _ask_sign_in(visit)
    return _proceed(visit, account)


def _silently(visit: Interaction, account: SignedIn | None) -> TenantResponse:
    if account is None:
        if len(visit.sign_on.accounts) > 1 and not visit.request.login_hint:
            raise TenantError(160021, "Application requested a user session which does not exist: pick an account.")
        raise TenantError(50058, "A silent sign-in request was sent but no user is signed in.")
    if not _is_strong_enough(visit, account):
        raise TenantError(50076, "You must sign in again to satisfy the claims or the age that the request asks for.")
    if missing_consents(visit.state, visit.request, account.user):
        raise TenantError(
            65001,
            f"The user or administrator has not consented to use the application with ID "
            f"'{visit.request.client.client_id}' named '{visit.request.client.name}'.",
            suberror="consent_required",
        )
    return _finish(visit, account)


def _submit(visit: Interaction, form: Parameters) -> TenantResponse:
    step = form.get("step") or ""
    visit.sign_on.check_form(step, visit.query, form.get("anti_forgery"))
    if step == "cancel":
        raise TenantError(65004, "User declined to sign in.")
    if step == "pick_account":
        account = visit.sign_on.account_of(form.get("account") or "")
        if account is None:
            return _ask_sign_in(visit, "")
        strong = _is_strong_enough(visit, account)
        return _proceed(visit, account) if strong else _ask_sign_in(visit, account.user.username)
    if step == "consent":
        return _answer_consent(visit, form.get("answer"))
    return _check_password(visit, form)


def _check_password(visit: Interaction, form: Parameters) -> TenantResponse:
    username = form.get("username") or ""
    try:
        user = check_password(visit.state, username, form.get("password") or "")
    except TenantError as error:
        return _ask_sign_in(visit, username, str(error))
    account = sign_in(visit.sign_on, user, acrs=visit.request.acrs, claims=visit.request.claims_text)
    return _proceed(visit, account)


def _answer_consent(visit: Interaction, answer: str | None) -> TenantResponse:
    account = visit.sign_on.accounts[0] if visit.sign_on.accounts else None
    if account is None:
        return _ask_sign_in(visit)
    if answer != "accept":
        raise TenantError(65004, "User declined to consent to access the app.")
    record_consent(visit.state, visit.request, account.user)
    return _finish(visit, account)


def _proceed(visit: Interaction, account: SignedIn) -> TenantResponse:
    if visit.request.prompt == "consent" or missing_consents(visit.state, visit.request, account.user):
        if visit.sign_on.accounts[0] is not account:
            visit.sign_on.add(account)
        token = visit.sign_on.form_token("consent", visit.query)
        return consent_page(
            action=visit.action,
            token=token,
            app_name=visit.request.client.name,
            user=account.user,
            scopes=consent_rows(visit.state, visit.request, account.user),
        )
    return _finish(visit, account)


def _finish(visit: Interaction, account: SignedIn) -> TenantResponse:
    fields = issue_code(visit.state, visit.request, account)
    return answer_app(visit.request.reply, fields, after_form=visit.after_form)


def _silent_account(visit: Interaction) -> SignedIn | None:
    """The account to use without a page: the hinted one, or the only one."""
    if visit.request.login_hint:
        hinted = user_hinted(visit.state, visit.request.login_hint)
        return visit.sign_on.account_of(hinted.object_id) if hinted else None
    accounts = visit.sign_on.accounts
    return accounts[0] if len(accounts) == 1 else None


def _is_strong_enough(visit: Interaction, account: SignedIn) -> bool:
    request = visit.request
    age = visit.state.now() - account.auth_time
    if request.max_age is not None and (request.max_age == 0 or age > request.max_age):
        return False
    return is_strong_enough(visit.state, account, acrs=request.acrs, claims=request.claims_text)


def _ask_sign_in(visit: Interaction, username: str | None = None, alert: str | None = None) -> TenantResponse:
    hinted = user_hinted(visit.state, visit.request.login_hint)
    if username is None:
        username = hinted.username if hinted else (visit.request.login_hint or "")
    users: list[User] = list(visit.state.directory.users.values()) if visit.state.show_users else []
    return sign_in_page(
        action=visit.action,
        token=visit.sign_on.form_token("sign_in", visit.query),
        cancel_token=visit.sign_on.form_token("cancel", visit.query),
        app_name=visit.request.client.name,
        username=username,
        alert=alert,
        users=users,
    )


def _ask_account(visit: Interaction) -> TenantResponse:
    return account_picker_page(
        action=visit.action,
        token=visit.sign_on.form_token("pick_account", visit.query),
        cancel_token=visit.sign_on.form_token("cancel", visit.query),
        app_name=visit.request.client.name,
        users=[account.user for account in visit.sign_on.accounts],
    )
