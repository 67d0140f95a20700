"""What the web half needs to know of a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from webidentity._authority import is_loopback


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request, as the browser or the client sent it.

    :param root_url: scheme, host and mount point of the application, without a trailing slash.
    :param root_path: the mount point alone, "" at the root of the host.
    :param path: path of the request as the browser sees it, percent-encoded, including the mount point.
    :param query: the query string, undecoded.
    :param headers: header fields by lower-case name.
    :param host_is_trusted: whether the framework was told that this host is the application's.
    """

    method: str
    root_url: str
    root_path: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    host_is_trusted: bool

    @property
    def is_secure(self) -> bool:
        """Whether the browser speaks https."""
        return self.root_url.startswith("https://")

    @property
    def is_ours(self) -> bool:
        """Whether the host is certainly the application's, so that addresses may be made of it."""
        return self.host_is_trusted or is_loopback(urlsplit(self.root_url).hostname or "")

    @property
    def return_path(self) -> str:
        """Path and query of the request, to come back to."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def header(self, name: str) -> str:
        """Return a header field, "" if it was not sent."""
        return self.headers.get(name, "")

    def parameters(self) -> dict[str, list[str]]:
        """Return the values of each query parameter."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True, max_num_fields=100):
            values.setdefault(name, []).append(value)
        return values

    def parameter(self, name: str) -> str | None:
        """Return a query parameter that was sent once."""
        try:
            values = self.parameters().get(name, [])
        except ValueError:
            return None
        return values[0] if len(values) == 1 else None
