"""The user's web browser: opening it, and the page that it shows after it was redirected back to this program."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from webidentity._environment import is_wsl

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#f3f4f6, #15181d); color: light-dark(#1b1f24, #e7eaee); }
main { box-sizing: border-box; width: min(30rem, 100vw - 2rem); padding: 2rem; border-radius: .75rem;
  background: light-dark(#fff, #1f242b); box-shadow: 0 1px 3px rgb(0 0 0 / .25);
  border-top: .3rem solid light-dark(#57606a, #8b949e); overflow-wrap: anywhere; }
main.good { border-top-color: light-dark(#1a7f37, #3fb950); }
main.bad { border-top-color: light-dark(#cf222e, #f85149); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 .75rem; }
p:last-child { margin: 0; }
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
_CLOSE = "You can close this window and return to the program."


def open_browser(url: str) -> bool:
    """Open the page and return whether that succeeded."""
    import webbrowser

    return webbrowser.open(url) or _open_from_wsl(url)


def _open_from_wsl(url: str) -> bool:
    """Open the page in the Windows browser if this is the Windows Subsystem for Linux."""
    if not is_wsl():
        return False
    import shutil
    import subprocess
    from urllib.parse import quote

    powershell = shutil.which("powershell.exe")
    if powershell is None:
        return False
    # PowerShell also accepts typographic quotation marks as delimiters. A URL may have all of them percent-encoded.
    quoted = quote(url, safe=":/?#[]@!$&()*+,;=%")
    command = [powershell, "-NoProfile", "-NonInteractive", "-Command", f"Start-Process '{quoted}'"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def success_page(username: str) -> bytes:
    """Return the page for a sign-in that succeeded."""
    text = f"You are signed in as {username}." if username else "You are signed in."
    return _page("good", "Signed in", text, _CLOSE)


def failure_page(reason: str) -> bytes:
    """Return the page for a sign-in that failed."""
    return _page("bad", "Sign-in failed", reason, _CLOSE)


def notice_page(heading: str, text: str) -> bytes:
    """Return the page for a request that is not the expected reply."""
    return _page("", heading, text)


def _page(kind: str, heading: str, *paragraphs: str) -> bytes:
    text = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main class="{kind}">
<h1>{escape(heading)}</h1>
{text}
</main>
</body>
</html>
""".encode(errors="replace")
