"""One browser at one site, whose answers are measured and checked."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.kit.http_browser import Browser, SiteReply
from tests.kit.site_servers import ServedSite
from tests.kit.world import World
from tests.soak.measurements import Measurements
from webidentity.testing import User

#: Pages that need a token.
GUARDED = ("/whose", "/async/whose", "/files", "/async/files")
#: What a page may answer while the authority has a fault.
UNAVAILABLE = frozenset({502, 503})
#: A failed sign-in: not acceptable, refused, or the authority is unavailable.
_FAILED = frozenset({400, 403, *UNAVAILABLE})


class Visitor:
    """A browser, and the user who is signed in in it.

    :param group: the name under which its answers are measured.
    """

    def __init__(self, site: ServedSite, world: World, measurements: Measurements, group: str) -> None:
        self.site = site
        self.world = world
        self.measurements = measurements
        self.group = group
        self.browser = Browser(self.call, world, site.url)
        self.signed_in: User | None = None

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> SiteReply:
        """Send a request, and check the status of its answer."""
        started = time.monotonic()
        try:
            reply = self.site.call(method, url, headers, body)
        except OSError as error:
            self.violation(f"{method} {url.partition('?')[0]}: no answer, {type(error).__name__}")
            raise
        self.measurements.note(self.group, reply.status, time.monotonic() - started)
        if reply.status >= 500 and reply.status not in UNAVAILABLE:
            self.violation(f"{method} {url.partition('?')[0]}: status {reply.status}")
        if reply.status == 503 and not reply.header("Retry-After").isdigit():
            self.violation(f"{method} {url.partition('?')[0]}: status 503 without Retry-After")
        return reply

    def violation(self, text: str) -> None:
        """Report an answer that must not happen."""
        self.measurements.violation(f"{self.site.kind}: {text}")

    def visit(self, path: str) -> SiteReply:
        """Open a guarded page as a browser does."""
        reply = self.browser.get(path)
        self.check(path, reply, self.signed_in)
        return reply

    def check(self, path: str, reply: SiteReply, user: User | None) -> None:
        """Check that a guarded page is that of the user, or leads to the sign-in if there is none."""
        if reply.status in UNAVAILABLE:
            return
        # 403: the browser comes from a sign-in, but has no session.
        expected = {200} if user else {302, 401, 403}
        if reply.status not in expected:
            self.violation(f"{path}: status {reply.status} although {'a' if user else 'no'} user is signed in")
        elif user is not None:
            self.check_names(path, reply.text, user)

    def check_names(self, path: str, text: str, user: User) -> None:
        """Check that every name on the page is that of the user."""
        names = names_in(text)
        if not names or not names <= {user.username, user.object_id}:
            self.violation(f"{path}: names {names} on a page of {user.username}")

    def sign_in(self, user: User, path: str = "/whose") -> bool:
        """Sign in on the way to a page. Return whether that succeeded."""
        started = self.browser.get(path)
        if started.status in UNAVAILABLE:
            return False
        if started.status != 302:
            self.violation(f"{path}: status {started.status} instead of a redirection to the sign-in")
            return False
        return self.complete(self.back_from_tenant(started, user), user)

    def back_from_tenant(self, started: SiteReply, user: User) -> str:
        """Sign in at the tenant, as the only account of the browser, and return the URL of the callback."""
        self.browser.tenant.cookies.clear()
        return self.browser.authorize(started, user)

    def complete(self, back: str, user: User) -> bool:
        """Open the callback, again as long as it asks for that. Return whether the user is signed in now."""
        for _ in range(4):
            reply = self.browser.get(back)
            if reply.status == 303:
                self.signed_in = user
                self.visit(reply.location)
                return True
            if reply.status == 200 and self.signed_in not in {None, user}:
                return self.decide(reply.text, user, switch=True)
            self.measurements.count(f"callback {reply.status}")
            if reply.status != 503:
                break
            time.sleep(min(int(reply.header("Retry-After")), 5))
        if reply.status not in _FAILED:
            self.violation(f"the callback answered {reply.status}")
        return False

    def decide(self, page: str, user: User, *, switch: bool) -> bool:
        """Answer the question whether another user replaces the one who is signed in. Return whether that is so."""
        assert self.signed_in is not None
        if not (self.signed_in.username in page and user.username in page):
            self.violation("the callback answered 200, and does not ask which of the two users stays")
        reply = self.browser.post(f"/auth/callback?account={'switch' if switch else 'keep'}")
        if not reply.location:
            self.violation(f"the answer to the change of the account is {reply.status}")
            return False
        if switch:
            self.signed_in = user
            self.visit(reply.location)
        return switch

    def sign_out(self) -> None:
        """Sign out at the site and at the tenant."""
        reply = self.browser.post("/auth/sign-out")
        if reply.status not in {200, 302, 303} or not reply.location:
            self.violation(f"the sign-out answered {reply.status}")
            return
        self.browser.tenant.logout(reply.location)
        self.signed_in = None

    def api(self, path: str, user: User, cookies: Mapping[str, str]) -> None:
        """Call a guarded page with a bearer token of the user, and with cookies."""
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self.world.access_token(user)}",
            **({"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}),
        }
        self.check(f"{path} with a bearer token", self.call("GET", f"{self.site.url}{path}", headers), user)


def names_in(text: str) -> set[str]:
    """Return the names of users on a page: its members in JSON, or its whole text."""
    if not text.startswith("{"):
        return {text}
    content: Any = json.loads(text)
    return {content[member] for member in ("session", "token", "api", "user", "oid") if member in content}
