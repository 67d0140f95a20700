"""Redirect URIs of desktop programs: the loopback interface (RFC 8252 section 7.3)."""

from typing import NamedTuple
from urllib.parse import urlsplit

from webidentity._authority import is_loopback


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
