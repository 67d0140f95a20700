"""A browser for tests: a strict cookie jar, Fetch Metadata, and a separate jar for the tenant."""

import json as jsonlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.kit.world import PASSWORD, World
from webidentity.testing import TenantBrowser, User

#: How a site is called: method, URL, headers, body.
Call = Callable[[str, str, Mapping[str, str], bytes], "SiteReply"]
#: What browsers keep of one cookie, name and value together (RFC 6265 section 6.1).
_LARGEST_COOKIE = 4096

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class SiteReply:
    """A site's response."""

    status: int
    fields: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        """Return a header field. It must not be repeated."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} comes {len(values)} times"
        return values[0] if values else ""

    @property
    def location(self) -> str:
        """The URL that the reply leads to: by a redirection, or by a page that continues by itself."""
        return self.header("Location") or self.header("Refresh").partition("url=")[2]

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL that the reply redirects to."""
        return dict(parse_qsl(urlsplit(self.location).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return jsonlib.loads(self.text)

    @property
    def cookies(self) -> dict[str, dict[str, str]]:
        """The cookies that the reply sets: the attributes by lower-case name, and the value as ``value``."""
        found: dict[str, dict[str, str]] = {}
        for name, header in self.fields:
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(header).items():
                    given = {attribute: text for attribute, text in morsel.items() if text not in ("", False)}
                    found[key] = {**given, "value": morsel.value}
        return found


@dataclass
class Browser:
    """One user's browser."""

    call: Call
    world: World
    root: str = "https://app.test"
    jar: dict[str, str] = field(default_factory=dict)
    tenant: TenantBrowser = field(init=False)

    def __post_init__(self) -> None:
        self.tenant = TenantBrowser(self.world.tenant)

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> SiteReply:
        """Visit a page; with ``headers=FETCH`` as a script in a page."""
        return self._send(method, path, {**NAVIGATION, **(headers or {})}, b"")

    def post(
        self, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> SiteReply:
        """Submit a form of one of the site's own pages."""
        parts = urlsplit(self.root)
        own = {"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "same-origin"}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send(
            "POST", path, {**NAVIGATION, **own, **kind, **(headers or {})}, urlencode(form or {}).encode()
        )

    def authorize(self, redirection: SiteReply, user: User | None = None, *, consent: bool = True) -> str:
        """Sign in where the reply redirects to, and return the URL at the site that the tenant redirects to."""
        user = user or self.world.ada
        back = self.tenant.sign_in(redirection.location, user.username, PASSWORD, consent=consent)
        self.world.secrets.add(redirection.query.get("state"), dict(parse_qsl(urlsplit(back).query)).get("code"))
        return back

    def sign_in(self, user: User | None = None, path: str = "/me") -> SiteReply:
        """Visit a page, sign in on the way, and return the page."""
        started = self.get(path)
        assert started.status == 302, (started.status, started.text)
        done = self.get(self.authorize(started, user))
        assert done.status == 303, (done.status, done.text)
        return self.get(done.location)

    def pending(self) -> dict[str, str]:
        """Return the cookies of the pending sign-ins."""
        return {name: value for name, value in self.jar.items() if "webidentity-" in name and "-done-" not in name}

    def session(self) -> dict[str, Any]:
        """Return the content of the site's session, from a view of the site."""
        content: dict[str, Any] = self.get("/session").json
        return content

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SiteReply:
        root = urlsplit(self.root)
        url = urljoin(f"{root.scheme}://{root.netloc}", path)
        assert url.startswith(f"{root.scheme}://{root.netloc}/"), f"{url} is another site"
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        reply = self.call(method, url, {**({"Cookie": cookies} if cookies else {}), **headers}, body)
        self._keep(reply, is_secure=url.startswith("https:"))
        return reply

    def _keep(self, reply: SiteReply, *, is_secure: bool) -> None:
        for name, cookie in reply.cookies.items():
            if name.startswith("__Host-"):
                assert is_secure, "browsers ignore the prefix on http"
                assert cookie.get("secure"), name
                assert cookie.get("path") == "/", name
                assert "domain" not in cookie, name
            assert len(name) + len(cookie["value"]) <= _LARGEST_COOKIE, "browsers drop a cookie as large as this"
            self.world.secrets.add(cookie["value"])
            if cookie.get("max-age") == "0" or not cookie["value"]:
                self.jar.pop(name, None)
            else:
                self.jar[name] = cookie["value"]
