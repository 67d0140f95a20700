"""Concurrent users never get each other's tokens."""

import threading
from collections.abc import Callable

import pytest

from tests.kit.clock import Clock
from tests.kit.sites import Site


def together(*calls: Callable[[], list[str]]) -> list[list[str]]:
    """Make the calls at the same time and return their values in order."""
    outcomes: list[list[str]] = [[] for _ in calls]
    barrier = threading.Barrier(len(calls))

    def run(position: int) -> None:
        barrier.wait(10)
        outcomes[position] = calls[position]()

    threads = [threading.Thread(target=run, args=(position,), daemon=True) for position in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_sessions_get_the_tokens_of_their_user(site: Site, clock: Clock, path: str) -> None:
    """Interleaved, from cached tokens and while tokens are refreshed."""
    users = [site.world.ada, site.world.grace] * 3
    browsers = [site.browser() for _ in users]
    for browser, user in zip(browsers, users, strict=True):
        browser.sign_in(user, path=path)
    for _ in range(2):
        clock.advance(3700)
        seen = together(*(lambda b=b: [b.get(path).json["oid"] for _ in range(4)] for b in browsers))
        assert seen == [[user.object_id] * 4 for user in users]


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_clients_get_the_tokens_of_their_user(site: Site, path: str) -> None:
    """Each client has its own tokens, half of them new each time."""
    users = [site.world.ada, site.world.grace] * 3
    tokens = [[site.world.access_token(user) for _ in range(2)] * 2 for user in users]
    seen = together(*(lambda own=own: [site.api(path, token).json["oid"] for token in own] for own in tokens))
    assert seen == [[user.object_id] * 4 for user in users]


def test_sign_ins_at_the_same_time_are_not_mixed_up(site: Site) -> None:
    """Each browser ends up with its own user."""
    users = [site.world.ada, site.world.grace] * 2
    browsers = [site.browser() for _ in users]
    backs = [browser.authorize(browser.get("/me"), user) for browser, user in zip(browsers, users, strict=True)]

    def finish(position: int) -> list[str]:
        browser = browsers[position]
        return [browser.get(browser.get(backs[position]).location).text]

    seen = together(*(lambda position=position: finish(position) for position in range(len(users))))
    assert seen == [[user.username] for user in users]
