"""The pages a person sees: plain HTML, one style sheet, nothing to download, readable on a phone."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from html import escape
from string import Template

from .model import User
from .request import TenantResponse

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2128;--dim:#57606a;--line:#d0d7de;--card:#fff;--ground:#eef1f4;--accent:#0b6e4f;
--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--line:#3d444d;--card:#1c2128;--ground:#0f1317;
--accent:#2f9e77;--on:#0b1310}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;
background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:26rem;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.75rem}
h1{font-size:1.35rem;line-height:1.25;margin:.25rem 0 1rem}
p{margin:.5rem 0}
.badge,.dim{color:var(--dim);font-size:.875rem}
.badge{margin:0}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--dim);
border-radius:8px}
button{width:100%;margin-top:.75rem;padding:.65rem .9rem;font:inherit;font-weight:600;border-radius:8px;cursor:pointer;
border:1px solid var(--accent);background:var(--accent);color:var(--on)}
button.plain{background:transparent;color:inherit;border-color:var(--line);font-weight:400;text-align:left}
button.quiet{background:transparent;color:var(--dim);border-color:transparent;font-weight:400}
button:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{border-left:4px solid #c93c37;padding:.5rem .75rem;background:rgba(201,60,55,.12);border-radius:4px}
ul{padding-left:1.25rem;margin:.5rem 0 1rem}
section{margin-top:1.5rem;border-top:1px solid var(--line);padding-top:.75rem}
li{margin:.5rem 0}
code{font-size:.875rem;overflow-wrap:anywhere}
li code{display:block;color:var(--dim)}
"""

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style nonce="$nonce">$style</style>
</head>
<body>
<main>
<p class="badge">Local tenant, for development</p>
<h1>$title</h1>
$content
</main>
$script</body>
</html>
""")

_SECURITY_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
)


def render(title: str, content: str, *, status: int = 200, script: str = "", form_action: str = "") -> TenantResponse:
    """A whole page. ``title`` is text; ``content`` and ``script`` are markup that is already safe.

    ``form_action`` is left out on pages whose forms lead back to the app: browsers hold the redirect that answers a
    form to the same directive, and the app is another origin.
    """
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    if script:
        policy += f"; script-src 'nonce-{nonce}'"
        script = f'<script nonce="{nonce}">{script}</script>\n'
    if form_action:
        policy += f"; form-action {form_action}"
    text = _PAGE.substitute(title=escape(title), nonce=nonce, style=_STYLE, content=content, script=script)
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy), *_SECURITY_HEADERS)
    return TenantResponse(status, headers, text.encode())


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
    """The page that asks for a username and a password; ``users`` are offered as one-click sign-ins."""
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
    """The page that asks which of the signed-in accounts to use."""
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
    """The page that asks a user to let an app use scopes, each with its description."""
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
    """The page that posts an authorization response to the app (OAuth 2.0 Form Post Response Mode)."""
    content = f"""<p>One moment: returning you to the app.</p>
<form method="post" action="{escape(action)}">
{hidden_fields(**fields)}
<button type="submit">Continue</button>
</form>"""
    return render("Signed in", content, script="document.forms[0].submit()")


def error_page(description: str, *, status: int = 400) -> TenantResponse:
    """The page for a request that cannot be answered at the app."""
    content = f"""<p>The sign-in request was refused, and cannot be sent back to the app.</p>
<p class="alert">{escape(description)}</p>"""
    return render("We couldn't sign you in", content, status=status, form_action="'none'")


def welcome_page(base_url: str, tenant_id: str, usernames: Iterable[str]) -> TenantResponse:
    """The page at the tenant's own address, for whoever opens what the console printed."""
    people = "".join(f"<li>{escape(name)}</li>" for name in usernames)
    content = f"""<p>This is a local tenant for development, in the shape of Microsoft Entra ID. Applications send
people here to sign in; there is nothing else to do at this address.</p>
<p>Authority: <code>{escape(base_url)}</code><br>Tenant id: <code>{escape(tenant_id)}</code></p>
<p>People:</p><ul>{people}</ul>"""
    return render("A local tenant", content, form_action="'none'")


def signed_out_page() -> TenantResponse:
    """The page at the end of a sign-out that has nowhere to return to."""
    return render("You signed out", "<p>It is safe to close this window.</p>", form_action="'none'")


def hidden_fields(**fields: str) -> str:
    """The fields of a form that nobody sees."""
    return "\n".join(f'<input type="hidden" name="{escape(name)}" value="{escape(fields[name])}">' for name in fields)


def alert_box(text: str | None) -> str:
    """What is wrong, said before the form; nothing when nothing is."""
    return f'<p class="alert" role="alert">{escape(text)}</p>\n' if text else ""


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
    return f'<section>\n<p class="dim">Or sign in as a user of this tenant</p>\n{forms}\n</section>\n' if forms else ""
