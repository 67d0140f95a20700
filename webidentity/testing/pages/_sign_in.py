"""The pages of the sign-in: password, account picker, consent, user code, form post and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from webidentity.testing.directory._model import User
from webidentity.testing.pages._layout import alert_box, hidden_fields, render
from webidentity.testing.transports._messages import TenantResponse

#: The ``form-action`` directive of the pages for another device: no form leads to another origin.
SELF = "'self'"


def sign_in_page(
    *,
    action: str,
    token: str,
    cancel_token: str,
    app_name: str,
    username: str,
    alert: str | None,
    users: Iterable[User],
    form_action: str = "",
) -> TenantResponse:
    """The page that asks for a username and a password. Each of ``users`` has a button that signs in."""
    focus = ("", " autofocus") if username else (" autofocus", "")
    content = f"""<p>to continue to <strong>{escape(app_name)}</strong></p>
{alert_box(alert)}<form method="post" action="{escape(action)}">
{hidden_fields(step="sign_in", anti_forgery=token)}
<label for="username">Username</label>
<input id="username" name="username" value="{escape(username)}" autocomplete="username" autocapitalize="none"
 spellcheck="false" required{focus[0]}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{focus[1]}>
<button type="submit">Sign in</button>
</form>
{_one_click(action, token, users)}{_cancel(action, cancel_token)}"""
    return render("Sign in", content, form_action=form_action)


def account_picker_page(
    *,
    action: str,
    token: str,
    cancel_token: str,
    app_name: str,
    users: Iterable[User],
    form_action: str = "",
) -> TenantResponse:
    """The page that asks which signed-in account to use."""
    choices = "\n".join(
        f'<button class="plain" name="account" value="{escape(user.object_id)}">'
        f'{escape(user.name)}<br><span class="dim">{escape(user.username)}</span></button>'
        for user in users
    )
    content = f"""<p>to continue to <strong>{escape(app_name)}</strong></p>
<form method="post" action="{escape(action)}">
{hidden_fields(step="pick_account", anti_forgery=token)}
{choices}
<button class="plain" name="account" value="">Use another account</button>
</form>
{_cancel(action, cancel_token)}"""
    return render("Pick an account", content, form_action=form_action)


def consent_page(
    *,
    action: str,
    token: str,
    app_name: str,
    user: User,
    scopes: Iterable[tuple[str, str]],
    form_action: str = "",
) -> TenantResponse:
    """The page that asks a user to consent to scopes, each with its description."""
    rows = "\n".join(f"<li>{escape(text)} <code>{escape(name)}</code></li>" for name, text in scopes)
    content = f"""<p class="dim">Signed in as {escape(user.username)}</p>
<p><strong>{escape(app_name)}</strong> would like to:</p>
<ul>
{rows}
</ul>
<form method="post" action="{escape(action)}">
{hidden_fields(step="consent", anti_forgery=token)}
<button name="answer" value="accept">Accept</button>
<button class="quiet" name="answer" value="cancel">Cancel</button>
</form>"""
    return render("Permissions requested", content, form_action=form_action)


def form_post_page(*, action: str, fields: Mapping[str, str]) -> TenantResponse:
    """The page that posts the authorization response to the application (OAuth 2.0 Form Post Response Mode)."""
    content = f"""<p>You are being returned to the app.</p>
<form method="post" action="{escape(action)}">
{hidden_fields(**fields)}
<button type="submit">Continue</button>
</form>"""
    return render("Signed in", content, script="document.forms[0].submit()")


def error_page(description: str, advice: str = "", *, status: int = 400) -> TenantResponse:
    """The page for an error that cannot be sent to the application.

    :param advice: what to do about it at a local tenant, as plain text.
    """
    content = f"""<p>The sign-in request from the app is not valid.</p>
<p class="alert">{escape(description)}</p>"""
    if advice:
        content += f"\n<p>{escape(advice)}</p>"
    return render("We couldn't sign you in", content, status=status, form_action="'none'")


def welcome_page(base_url: str, tenant_id: str, usernames: Iterable[str]) -> TenantResponse:
    """The page at the tenant's base URL, which the console prints."""
    names = "".join(f"<li>{escape(name)}</li>" for name in usernames)
    users = f"<ul>{names}</ul>" if names else "<p>None yet: add one with <code>add_user()</code>.</p>"
    content = f"""<p>This is a local tenant for development. It works like Microsoft Entra ID: your application sends
users here to sign in. To start, open your application.</p>
<p>Authority: <code>{escape(base_url)}</code><br>Tenant ID: <code>{escape(tenant_id)}</code></p>
<p>Users:</p>
{users}"""
    return render("A local tenant", content, form_action="'none'")


def signed_out_page() -> TenantResponse:
    """The page after a sign-out without a redirect."""
    return render("You signed out of your account", "<p>You can close this window.</p>", form_action="'none'")


def _cancel(action: str, token: str) -> str:
    return f"""<form method="post" action="{escape(action)}">
{hidden_fields(step="cancel", anti_forgery=token)}
<button class="quiet" type="submit">Cancel</button>
</form>"""


def _one_click(action: str, token: str, users: Iterable[User]) -> str:
    forms = "\n".join(
        f"""<form method="post" action="{escape(action)}">
{hidden_fields(step="sign_in", anti_forgery=token, username=user.username, password=user.password)}
<button class="plain" type="submit">{escape(user.name)}<br>
<span class="dim">{escape(user.username)} &middot; {escape(user.password)}</span></button>
</form>"""
        for user in users
    )
    return f'<section>\n<p class="dim">Or choose a test user</p>\n{forms}\n</section>\n' if forms else ""


def user_code_page(*, action: str, token: str, user_code: str, alert: str | None) -> TenantResponse:
    """The page that asks for the user code. A code from the link is filled in, and the user must still submit it."""
    content = f"""<p>Enter the code displayed on your app or device.</p>
{alert_box(alert)}<form method="post" action="{escape(action)}">
{hidden_fields(step="enter_code", anti_forgery=token)}
<label for="user_code">Code</label>
<input id="user_code" name="user_code" value="{escape(user_code)}" autocomplete="off" autocapitalize="characters"
 spellcheck="false" maxlength="32" required autofocus>
<button type="submit">Next</button>
</form>"""
    return render("Enter code", content, form_action=SELF)


def confirm_page(*, action: str, token: str, app_name: str, user: User, user_code: str) -> TenantResponse:
    """The page that asks whether the user started this sign-in (RFC 8628, section 5.4)."""
    content = f"""<p class="dim">Signed in as {escape(user.username)}</p>
<p>Are you trying to sign in to <strong>{escape(app_name)}</strong> on a device that shows the code
<code>{escape(user_code)}</code>?</p>
<p>Continue only if you started this sign-in yourself. The device will have access to your account.</p>
<form method="post" action="{escape(action)}">
{hidden_fields(step="confirm", anti_forgery=token)}
<button name="answer" value="continue">Continue</button>
<button class="quiet" name="answer" value="cancel">Cancel</button>
</form>"""
    return render("Sign in on another device", content, form_action=SELF)


def device_signed_in_page(app_name: str) -> TenantResponse:
    """The page after the user approved."""
    content = f"""<p>You have signed in to <strong>{escape(app_name)}</strong> on your device.</p>
<p>You can close this window.</p>"""
    return render("You have signed in", content, form_action="'none'")


def device_declined_page(app_name: str) -> TenantResponse:
    """The page after the user declined."""
    content = f"""<p>You declined the sign-in to <strong>{escape(app_name)}</strong>. The device has no access.</p>
<p>You can close this window. To try again, start the sign-in on your device again.</p>"""
    return render("You declined the sign-in", content, form_action="'none'")
