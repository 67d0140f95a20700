"""The layout of every page: plain HTML with one style sheet, no downloads, readable on a phone."""

from __future__ import annotations

import secrets
from html import escape
from string import Template

from webidentity.testing.transports._messages import TenantResponse

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
    """Render a complete page.

    :param title: plain text.
    :param content: escaped markup.
    :param script: a script, without its tag.
    :param form_action: the ``form-action`` directive. Leave it empty if the form may lead to a redirect to the
        application: browsers apply the directive to that redirect too, and the application is another origin.
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


def hidden_fields(**fields: str) -> str:
    """Hidden form fields."""
    return "\n".join(f'<input type="hidden" name="{escape(name)}" value="{escape(fields[name])}">' for name in fields)


def alert_box(text: str | None) -> str:
    """An error message above a form; empty without a text."""
    return f'<p class="alert" role="alert">{escape(text)}</p>\n' if text else ""
