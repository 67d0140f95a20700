"""The device verification page (RFC 8628, section 3.3): user code, sign-in, confirmation, consent.

Every page after the first posts to a URL with the user code, so each form is checked against the code again, and the
tenant stores nothing about unfinished sign-ins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import User
from webidentity.testing.directory._state import SignedIn, TenantState
from webidentity.testing.endpoints._device_authorization import (
    VERIFICATION_PATH,
    DeviceRequest,
    approve,
    bare_user_code,
    decline,
    find_pending,
)
from webidentity.testing.pages._sign_in import (
    SELF,
    account_picker_page,
    confirm_page,
    consent_page,
    device_declined_page,
    device_signed_in_page,
    sign_in_page,
    user_code_page,
)
from webidentity.testing.policies._scopes import consent_rows, missing_consents, record_consent
from webidentity.testing.policies._sign_on import SignOn, check_password, is_strong_enough, sign_in
from webidentity.testing.transports._messages import Parameters, TenantRequest, TenantResponse


@dataclass(slots=True)
class Verification:
    """A visit with a pending user code."""

    state: TenantState
    sign_on: SignOn
    request: DeviceRequest

    @property
    def place(self) -> str:
        """The path and query to which the forms of this visit post and are bound."""
        return f"{VERIFICATION_PATH}?user_code={self.request.code.user_code}"

    @property
    def action(self) -> str:
        """The URL to which the forms post."""
        return f"/{self.place}"

    def token(self, step: str) -> str:
        """The anti-forgery token of a form of this visit."""
        return self.sign_on.form_token(step, self.place)


def answer_verification(state: TenantState, request: TenantRequest) -> TenantResponse:
    """Answer with a page and the session's cookies."""
    sign_on = SignOn.of(state, request)
    if request.method == "POST":
        response = _submit(state, sign_on, request)
    else:
        # Entra's own links use the parameter "otc".
        given = request.query.get("user_code") or request.query.get("otc") or ""
        response = _ask_code(sign_on, bare_user_code(given))
    return replace(response, headers=(*response.headers, *sign_on.cookies()))


def _submit(state: TenantState, sign_on: SignOn, request: TenantRequest) -> TenantResponse:
    form = request.form.once_each()
    step = form.get("step") or ""
    source = form if step == "enter_code" else request.query
    user_code = bare_user_code(source.get("user_code") or "")
    place = VERIFICATION_PATH if step == "enter_code" else f"{VERIFICATION_PATH}?user_code={user_code}"
    sign_on.check_form(step, place, form.get("anti_forgery"))
    try:
        code = find_pending(state, user_code)
    except TenantError as error:
        return _ask_code(sign_on, user_code, str(error))
    visit = Verification(state, sign_on, DeviceRequest.of(state, code))
    if step == "enter_code":
        return _ask_account(visit) if sign_on.accounts else _ask_sign_in(visit)
    if step == "sign_in":
        return _check_password(visit, form)
    if step == "pick_account":
        return _pick(visit, sign_on.account_of(form.get("account") or ""))
    if not sign_on.accounts and step != "cancel":
        return _ask_sign_in(visit)
    if step == "confirm" and form.get("answer") == "continue":
        return _consent_or_finish(visit, sign_on.accounts[0])
    if step == "consent" and form.get("answer") == "accept":
        record_consent(state, visit.request, sign_on.accounts[0].user)
        return _finish(visit, sign_on.accounts[0])
    decline(state, code)
    return device_declined_page(code.client.name)


def _check_password(visit: Verification, form: Parameters) -> TenantResponse:
    username = form.get("username") or ""
    try:
        user = check_password(visit.state, username, form.get("password") or "")
    except TenantError as error:
        return _ask_sign_in(visit, username, str(error))
    sign_in(visit.sign_on, user, acrs=visit.request.acrs, claims=visit.request.code.claims_text)
    return _ask_confirmation(visit, user)


def _pick(visit: Verification, account: SignedIn | None) -> TenantResponse:
    if account is None:
        return _ask_sign_in(visit)
    claims = visit.request.code.claims_text
    if not is_strong_enough(visit.state, account, acrs=visit.request.acrs, claims=claims):
        return _ask_sign_in(visit, account.user.username)
    if visit.sign_on.accounts[0] is not account:
        visit.sign_on.add(account)
    return _ask_confirmation(visit, account.user)


def _consent_or_finish(visit: Verification, account: SignedIn) -> TenantResponse:
    if not missing_consents(visit.state, visit.request, account.user):
        return _finish(visit, account)
    return consent_page(
        action=visit.action,
        token=visit.token("consent"),
        app_name=visit.request.client.name,
        user=account.user,
        scopes=consent_rows(visit.state, visit.request, account.user),
        form_action=SELF,
    )


def _finish(visit: Verification, account: SignedIn) -> TenantResponse:
    approve(visit.state, visit.request, account)
    return device_signed_in_page(visit.request.client.name)


def _ask_code(sign_on: SignOn, user_code: str, alert: str | None = None) -> TenantResponse:
    token = sign_on.form_token("enter_code", VERIFICATION_PATH)
    return user_code_page(action=f"/{VERIFICATION_PATH}", token=token, user_code=user_code, alert=alert)


def _ask_sign_in(visit: Verification, username: str = "", alert: str | None = None) -> TenantResponse:
    users: list[User] = list(visit.state.directory.users.values()) if visit.state.show_users else []
    return sign_in_page(
        action=visit.action,
        token=visit.token("sign_in"),
        cancel_token=visit.token("cancel"),
        app_name=visit.request.client.name,
        username=username,
        alert=alert,
        users=users,
        form_action=SELF,
    )


def _ask_account(visit: Verification) -> TenantResponse:
    return account_picker_page(
        action=visit.action,
        token=visit.token("pick_account"),
        cancel_token=visit.token("cancel"),
        app_name=visit.request.client.name,
        users=[account.user for account in visit.sign_on.accounts],
        form_action=SELF,
    )


def _ask_confirmation(visit: Verification, user: User) -> TenantResponse:
    return confirm_page(
        action=visit.action,
        token=visit.token("confirm"),
        app_name=visit.request.client.name,
        user=user,
        user_code=visit.request.code.user_code,
    )
