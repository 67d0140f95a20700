"""The pages of the sign-in itself, and the same messages as JSON for programs."""

from html import escape
from typing import NamedTuple

from webidentity.web._answer import Answer, html_answer, json_answer, redirect
from webidentity.web._caller import Caller, caller_of
from webidentity.web._facts import RequestFacts

_STYLE = """
:root{--ink:#1c2430;--soft:#5a6675;--paper:#f4f6f9;--card:#fff;--line:#d9dfe7;--accent:#1f5fbf}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf4;--soft:#a3afbf;--paper:#12161c;--card:#1b212a;--line:#323c4a;
--accent:#7fb0ff}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);
color:var(--ink);font:16px/1.55 system-ui,sans-serif;padding:1.25rem}main{background:var(--card);max-width:32rem;
width:100%;padding:2rem;border:1px solid var(--line);border-radius:14px}h1{font-size:1.4rem;line-height:1.25;
margin:0 0 .75rem}p{margin:0 0 .9rem}.soft{color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.action{display:inline-block;margin-top:.4rem;padding:.6rem 1.1rem;border-radius:9px;border:0;background:var(--accent);
color:var(--card);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.action:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
"""
#: With "no-referrer", browsers send "Origin: null" for a page's button, as for a request from another site.
OWN_ORIGIN = ("Referrer-Policy", "same-origin")


def html_page(title: str, content: str, style: str = "") -> str:
    """Return the HTML of a page. Without a style it works under any Content-Security-Policy.

    :param title: plain text: the title and the heading.
    :param content: HTML that follows the heading. Every value in it is escaped.
    """
    heading, style = escape(title), f"<style>{style}</style>" if style else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{heading}</title>{style}</head>'
        f"<body><main><h1>{heading}</h1>{content}</main></body></html>"
    )


_CONTINUE = html_page(
    "Continuing", "<p>This page goes on by itself. If it does not, allow automatic redirections in your browser.</p>"
)


class Page(NamedTuple):
    """A message to the user: what happened, and what to do next.

    :param detail: information for the administrator of the application. Never a secret.
    :param action: the URL and the label of the button.
    :param other_action: the same for a second one.
    :param posts: whether the button sends a POST request.
    """

    title: str
    text: str
    detail: str = ""
    action: tuple[str, str] | None = None
    posts: bool = False
    other_action: tuple[str, str] | None = None

    def html(self) -> str:
        """Return the page as HTML."""
        detail = f'<p class="soft">{escape(self.detail)}</p>' if self.detail else ""
        return html_page(self.title, f"<p>{escape(self.text)}</p>{detail}{self._button()}", _STYLE)

    def _button(self) -> str:
        if self.action is None:
            return ""
        if self.posts:
            url, label = self.action
            return f'<form method="post" action="{escape(url)}"><button class="action">{escape(label)}</button></form>'
        links = [self.action, *([self.other_action] if self.other_action else [])]
        return " ".join(f'<a class="action" href="{escape(url)}">{escape(label)}</a>' for url, label in links)


def refuse(
    facts: RequestFacts, status: int, error: str, page: Page, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """Return the message as a page for browsers and as JSON for other callers.

    :param error: a short name of the problem, for programs.
    """
    if caller_of(facts) is Caller.BROWSER:
        return html_answer(status, page.html(), headers)
    content = {"error": error, "message": f"{page.title}. {page.text}"}
    if page.detail:
        content["detail"] = page.detail
    return json_answer(status, content, headers)


def send_to_authority(facts: RequestFacts, url: str) -> Answer:
    """Send the caller on to the authority."""
    return redirect(url) if facts.method in {"GET", "HEAD"} else continue_at(facts, url)


def continue_at(facts: RequestFacts, url: str) -> Answer:
    """Send a caller that has posted a form on to this URL, or to one that leads to the authority.

    The Content-Security-Policy ``form-action 'self'`` also applies to the redirection that answers a form. A browser
    that posted a form therefore gets a page of this site, which goes on by itself. The page has neither a script nor a
    style, so that any policy accepts it, and the URL is in a header only, because it contains the state.
    """
    if caller_of(facts) is not Caller.BROWSER:
        # 303: the body is not sent to the authority (RFC 9700 section 4.12).
        return redirect(url, status=303)
    return html_answer(200, _CONTINUE, (("Refresh", f"0;url={url}"),))
