"""The pages for signing in on another device."""

from __future__ import annotations

from html import escape

from webidentity.testing.directory._model import User
from webidentity.testing.pages._layout import alert_box, hidden_fields, render
from webidentity.testing.transports._messages import TenantResponse

#: The ``form-action`` directive of these pages: no form leads to another origin.
SELF = "'self'"


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
