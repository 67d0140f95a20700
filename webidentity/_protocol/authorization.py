"""The authorization endpoint (RFC 6749 section 4.1): the URL with PKCE (RFC 7636), the redirect URI, and the reply."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from webidentity._authority import is_loopback
from webidentity._protocol.advice import add_advice
from webidentity._protocol.redaction import scrub
from webidentity.errors import EntraError

_CODE = r"AADSTS(\d{1,9})"


def authorize_url(authority: str, tenant: str, parameters: dict[str, str]) -> str:
    """Return the URL that starts a sign-in (RFC 6749 section 4.1.1)."""
    return f"{authority}/{tenant}/oauth2/v2.0/authorize?{urlencode(parameters)}"


def new_verifier() -> str:
    """Return a PKCE code verifier of 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge of a code verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


class AuthorizationReply(NamedTuple):
    """An authorization code, and the issuer if the authority names it (RFC 9207)."""

    code: str
    issuer: str | None

    def __repr__(self) -> str:
        """Leave the code out."""
        return f"AuthorizationReply(issuer={self.issuer!r})"


def read_authorization_reply(parameters: Mapping[str, str]) -> AuthorizationReply:
    """Return the content of a reply whose state has been checked (RFC 6749 section 4.1.2).

    :raises EntraError: the user declined, the authority refused, or the reply is malformed.
    """
    code, error = parameters.get("code"), parameters.get("error")
    if code and not error:
        return AuthorizationReply(code, parameters.get("iss") or None)
    if not error:
        raise EntraError("Authentication failed: the authority's reply has neither a code nor an error")
    if code:
        raise EntraError("Authentication failed: the authority's reply has both a code and an error")
    description = scrub(parameters.get("error_description") or error).strip() or "no description"
    codes = tuple(int(number) for number in re.findall(_CODE, description, re.ASCII))
    message = add_advice(f"Authentication failed: {description}", codes)
    raise EntraError(message, error=scrub(error), error_codes=codes)


class LoopbackRedirect(NamedTuple):
    """A redirect URI on this machine.

    :param port: None for any port, because authorities ignore the port of ``http://localhost``.
    """

    host: str
    port: int | None
    path: str

    @classmethod
    def parse(cls, redirect_uri: str) -> "LoopbackRedirect":
        """Read a redirect URI.

        :raises ValueError: it is not an http URL of this machine.
        """
        try:
            parts = urlsplit(redirect_uri)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if parts.scheme != "http" or not is_loopback(host) or port == 0 or not plain:
            raise ValueError(
                f"redirect_uri is {redirect_uri!r}: expected an address of this machine that this program can listen "
                "on, with http and without a query, such as 'http://localhost:8400', as it is registered on the "
                "application"
            )
        return cls(host, port, parts.path)

    def at(self, port: int) -> str:
        """Return the redirect URI with this port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}{self.path}"
