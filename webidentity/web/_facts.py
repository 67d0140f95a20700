"""The facts of a request that sign-in and guards need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from webidentity._authority import is_loopback


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The target URI of a request (RFC 9110 section 7.1), as the browser or the client sees it.

    :param root_url: scheme, host and mount point of the application, without a trailing slash.
    :param root_path: the mount point alone, "" at the root of the host.
    :param path: path of the request, percent-encoded, including the mount point.
    :param query: the query string, undecoded.
    :param host_is_trusted: whether the framework has verified that the host belongs to the application.
    """

    root_url: str
    root_path: str
    path: str
    query: str = field(repr=False)
    host_is_trusted: bool

    def under(self, base_url: str) -> "RequestTarget":
        """Return the target for an application that browsers reach under this URL."""
        root_path = urlsplit(base_url).path
        # A proxy may have removed the mount point, or the framework may know it.
        path = root_path + self.path.removeprefix(self.root_path)
        return RequestTarget(base_url, root_path, path, self.query, host_is_trusted=True)


class Headers(Protocol):
    """Header fields of a request by lower-case name, such as a dictionary."""

    def get(self, name: str, default: str, /) -> str:
        """Return the value of the field, or the default if it was not sent."""
        ...


class EnvironHeaders:
    """The header fields in a WSGI environ (PEP 3333), which Django has for ASGI requests too."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, default: str, /) -> str:
        """Return the value of the field with this lower-case name, or the default if it was not sent."""
        value: str = self._environ.get(_environ_name(name), default)
        return value


@lru_cache(maxsize=128)
def _environ_name(name: str) -> str:
    variable = name.upper().replace("-", "_")
    return variable if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{variable}"


class RequestFacts:
    """One request, as the browser or the client sent it.

    Most requests of a signed-in user need only the method and a header field, so the target is found when it is needed.

    :param method: the HTTP method in upper case.
    :param headers: header fields by lower-case name. Cookies are read from the field ``cookie``, not from the
        framework, which may have changed their names.
    :param target: returns the target. It is called while the request is handled, if the target is needed, and not again
        after it has returned.
    """

    __slots__ = ("_find", "_target", "headers", "method")

    def __init__(self, method: str, headers: Headers, target: Callable[[], RequestTarget]) -> None:
        self.method: str = method
        self.headers: Headers = headers
        self._find = target
        self._target: RequestTarget | None = None

    def __repr__(self) -> str:
        """Leave header fields and the query out: both may contain secrets."""
        return f"RequestFacts({self.method!r}, {self._target!r})"

    @property
    def target(self) -> RequestTarget:
        """Where the request was sent."""
        if self._target is None:
            self._target = self._find()
        return self._target

    def under(self, base_url: str) -> "RequestFacts":
        """Return the facts for an application that browsers reach under this URL."""
        return RequestFacts(self.method, self.headers, lambda: self.target.under(base_url))

    @property
    def root_url(self) -> str:
        """Scheme, host and mount point of the application, without a trailing slash."""
        return self.target.root_url

    @property
    def root_path(self) -> str:
        """The mount point, "" at the root of the host."""
        return self.target.root_path

    @property
    def path(self) -> str:
        """The path as the browser sees it, percent-encoded, including the mount point."""
        return self.target.path

    @property
    def query(self) -> str:
        """The query string, undecoded."""
        return self.target.query

    @property
    def cookies(self) -> dict[str, str]:
        """Cookie values by name, both exactly as they were sent (RFC 6265 section 5.4).

        Of two cookies with the same name, the first one counts: browsers send the more specific path first.
        """
        found: dict[str, str] = {}
        for pair in self.header("cookie").split(";"):
            name, separator, value = pair.partition("=")
            if separator:
                # strip() would also remove characters that belong to a name, and make it another name.
                found.setdefault(name.strip(" \t"), value.strip(" \t"))
        return found

    @property
    def is_secure(self) -> bool:
        """Whether the browser uses https."""
        return self.root_url.startswith("https://")

    @property
    def has_trusted_host(self) -> bool:
        """Whether the host is trusted, so that absolute URLs may be built from it."""
        return self.target.host_is_trusted or is_loopback(urlsplit(self.root_url).hostname or "")

    @property
    def is_cross_site(self) -> bool:
        """Whether another site caused the request, according to Fetch Metadata and the Origin header."""
        site = self.header("sec-fetch-site").lower()
        if site and site not in {"same-origin", "none"}:
            return True
        origin = self.header("origin").lower()
        root = urlsplit(self.root_url)
        # A page with the policy "no-referrer" posts to its own site with the origin "null".
        if origin == "null":
            return site != "same-origin"
        return origin not in {"", f"{root.scheme}://{root.netloc}".lower()}

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks which cross-origin requests are allowed (Fetch standard). It sends no credentials."""
        return bool(self.method == "OPTIONS" and self.header("origin") and self.header("access-control-request-method"))

    @property
    def return_path(self) -> str:
        """Path and query of the request, to return to after a sign-in."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def header(self, name: str) -> str:
        """Return a header field by its lower-case name, "" if it was not sent."""
        return self.headers.get(name, "")

    def parameters(self) -> dict[str, list[str]]:
        """Return the values of each query parameter.

        :raises ValueError: there are more than 100 parameters.
        """
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True, max_num_fields=100):
            values.setdefault(name, []).append(value)
        return values

    def parameter(self, name: str) -> str | None:
        """Return a query parameter, None unless it was sent exactly once."""
        try:
            values = self.parameters().get(name, [])
        except ValueError:
            return None
        return values[0] if len(values) == 1 else None
