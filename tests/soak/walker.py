"""A random walk: what users do, in a random order that a seed repeats."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.kit.http_browser import FETCH, Browser
from tests.kit.site_servers import ServedSite
from tests.kit.world import World
from tests.soak.measurements import Measurements
from tests.soak.visitor import GUARDED, UNAVAILABLE, Visitor
from webidentity.testing import User

#: Tabs that a user opens at once.
_TABS = 8


class Walker(Visitor):
    """A person who does random things in one browser, as several users.

    :param pause: average seconds between two actions.
    """

    def __init__(
        self,
        site: ServedSite,
        world: World,
        measurements: Measurements,
        users: Sequence[User],
        chance: random.Random,
        pause: float,
    ) -> None:
        super().__init__(site, world, measurements, f"walk, {site.kind}")
        self._users = users
        self._chance = chance
        self._pause = pause
        #: Cookies of sessions that were ended.
        self._ended: list[dict[str, str]] = []

    def walk(self, until: float) -> None:
        """Walk until a time of the monotonic clock."""
        actions: dict[Callable[[], object], int] = {
            self._read: 50,
            self._script: 10,
            self._read_without_guard: 10,
            self._call_api: 12,
            self._many_pages: 4,
            self._leave: 5,
            self._replay: 4,
            self._tabs: 3,
            self._next_user: 4,
        }
        try:
            while time.monotonic() < until:
                time.sleep(self._chance.expovariate(1 / self._pause))
                self._chance.choices(list(actions), list(actions.values()))[0]()
        except Exception as error:
            self.violation(f"the walk ended: {error!r}")

    def _user(self) -> User:
        return self._chance.choice(self._users)

    def decide(self, page: str, user: User, *, switch: bool) -> bool:
        """Decide at random."""
        return super().decide(page, user, switch=switch and self._chance.random() < 0.7)

    def _read(self) -> None:
        """Open a page that needs a token; sign in first."""
        if self.signed_in is None:
            self.sign_in(self._user(), self._chance.choice(GUARDED))
        else:
            self.visit(self._chance.choice(GUARDED))

    def _script(self) -> None:
        """Fetch a page as a script does."""
        path = self._chance.choice(GUARDED)
        self.check(path, self.browser.get(path, FETCH), self.signed_in)

    def _read_without_guard(self) -> None:
        """Open a page that shows the user if there is one."""
        self._expect_on_open_page(self.browser, self.signed_in)

    def _expect_on_open_page(self, browser: Browser, user: User | None) -> None:
        reply = browser.get("/open")
        name = user.username if user else "anonymous"
        if reply.status not in UNAVAILABLE and (reply.status, reply.text) != (200, name):
            self.violation(f"/open: status {reply.status}, {reply.text[:40]!r} instead of {name}")

    def _call_api(self) -> None:
        """Send a bearer token, some of them with the session cookie of another user."""
        cookies = dict(self.browser.jar) if self._chance.random() < 0.3 else {}
        self.api(self._chance.choice(GUARDED), self._user(), cookies)

    def _many_pages(self) -> None:
        """Open several pages at the same time."""
        paths = self._chance.choices(GUARDED, k=4)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.visit, paths))

    def _leave(self) -> None:
        """Sign out."""
        if self.signed_in is None:
            return
        cookies = dict(self.browser.jar)
        self.sign_out()
        self._ended.append(cookies)
        self._expect_on_open_page(self.browser, None)

    def _replay(self) -> None:
        """Use the cookies of an ended session."""
        if not self._ended:
            return
        copied = Browser(self.call, self.world, self.site.url, dict(self._chance.choice(self._ended)))
        self._expect_on_open_page(copied, None)
        path = self._chance.choice(GUARDED)
        self.check(path, copied.get(path), None)

    def _tabs(self) -> None:
        """Open many tabs, and sign in in two of them, perhaps as different users."""
        if self.signed_in is not None:
            self._leave()
        starts = [self.browser.get(self._chance.choice(GUARDED)) for _ in range(_TABS)]
        for started in self._chance.sample([started for started in starts if started.status == 302], 2):
            user, cookies = self._user(), dict(self.browser.jar)
            was_signed_in = self.signed_in is not None
            if self.complete(self.back_from_tenant(started, user), user) and was_signed_in:
                self._ended.append(cookies)

    def _next_user(self) -> None:
        """Let the next user sign in in this browser."""
        self._leave()
        self.sign_in(self._user(), "/me")


def walk(walkers: Sequence[Walker], seconds: float) -> None:
    """Let all walk at the same time."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=walker.walk, args=(until,)) for walker in walkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
