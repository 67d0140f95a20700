"""The kind of caller: a browser, a script in a page, or another program."""

import re
from enum import Enum

from webidentity.web._facts import RequestFacts

_BEARER = r"\bbearer\b"


class Caller(Enum):
    """How a caller expects to be told that sign-in is required."""

    #: Navigates: it is redirected to the sign-in and back.
    BROWSER = "browser"
    #: fetch or XMLHttpRequest in a page: it reads JSON.
    SCRIPT = "script"
    #: htmx in a page: it follows HX-Redirect.
    HTMX = "htmx"
    #: Another program, with or without a bearer token: it reads WWW-Authenticate.
    CLIENT = "client"


def caller_of(facts: RequestFacts) -> Caller:
    """Return the kind of caller, recognized by the headers that each kind sends."""
    # Only Bearer: a browser sends "Basic" with every request if a proxy in front of the site requires a password.
    if bearer_token(facts) is not None:
        return Caller.CLIENT
    if facts.header("hx-request").lower() == "true":
        return Caller.HTMX
    mode = facts.header("sec-fetch-mode").lower()
    if mode:
        return Caller.BROWSER if mode == "navigate" else Caller.SCRIPT
    if facts.header("x-requested-with").lower() == "xmlhttprequest":
        return Caller.SCRIPT
    return Caller.BROWSER if "text/html" in facts.header("accept").lower() else Caller.CLIENT


def bearer_token(facts: RequestFacts) -> str | None:
    """Return the bearer token of the Authorization header. Tokens in other places are not accepted (RFC 6750).

    None if the header is missing or has another scheme; "" if it has no usable token.
    """
    header = facts.header("authorization")
    if not header:
        return None
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        # Malformed Bearer header: treat it as a failed bearer request, and do not fall back to the session.
        return "" if re.search(_BEARER, header, re.ASCII | re.IGNORECASE) else None
    token = rest.strip()
    return token if token and not any(character in token for character in ' ,\t"') else ""
