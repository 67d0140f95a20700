"""What the authority sends with the browser: a code, or an error (RFC 6749 section 4.1.2)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from webidentity._protocol.advice import advice_for
from webidentity._protocol.redaction import scrub
from webidentity.errors import EntraError

_CODE = re.compile(r"AADSTS(\d{1,9})", re.ASCII)


class AuthorizationReply(NamedTuple):
    """A code, and the issuer if the authority says who it is (RFC 9207)."""

    code: str
    issuer: str | None

    def __repr__(self) -> str:
        """No code."""
        return f"AuthorizationReply(issuer={self.issuer!r})"


def read_authorization_reply(parameters: Mapping[str, str]) -> AuthorizationReply:
    """Return the content of an answer whose state has been checked.

    :raises EntraError: the user declined, the authority refused, or the answer is none.
    """
    code, error = parameters.get("code"), parameters.get("error")
    if code and not error:
        return AuthorizationReply(code, parameters.get("iss") or None)
    if not error:
        raise EntraError("Authentication failed: the authority's answer has neither a code nor an error")
    if code:
        raise EntraError("Authentication failed: the authority's answer has both a code and an error")
    description = scrub(parameters.get("error_description") or error)
    codes = tuple(int(number) for number in _CODE.findall(description))
    advice = advice_for(codes)
    message = f"Authentication failed: {description}"
    raise EntraError(f"{message} {advice}" if advice else message, error=scrub(error), error_codes=codes)
