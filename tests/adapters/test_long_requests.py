"""Sign-in requests that are too long for a cookie: large claims and a long page."""

import json
import time

import pytest

from tests.kit.clock import Clock
from tests.kit.failing_store import FailingStore
from tests.kit.sites import MakeSite, Site
from webidentity.web._pending import LIFETIME

PAGES = ("/stronger", "/async/stronger")


def long_page(path: str, size: int = 6000) -> str:
    """Return the URL of a page that asks for claims of this size."""
    return f"{path}?size={size}&q={'x' * 1900}"


@pytest.mark.parametrize("path", PAGES)
def test_the_user_returns_to_the_page(site: Site, path: str) -> None:
    """The request is kept on the server, and its claims are sent to the authority with the code."""
    browser = site.browser()
    page = long_page(path)
    started = browser.get(page)
    assert started.status == 302
    assert len(started.query["claims"]) > 6000
    back = browser.authorize(started)
    assert browser.get(back).location == page
    redeemed = site.world.transport.requests[-1].form
    assert redeemed["grant_type"] == "authorization_code"
    assert json.loads(redeemed["claims"]) == json.loads(started.query["claims"])
    assert browser.get("/me").text == "ada@tenant.test"


def test_the_rows_are_limited(build: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors without an account may cause such requests. The latest can be completed with their pages."""
    monkeypatch.setattr("webidentity.web._long_requests._ROWS", 2)
    monkeypatch.setattr("webidentity.web._long_requests._MOST", 3)
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    for _ in range(30):
        site.browser().get(long_page("/stronger"))
    assert len(store._rows) == 2
    assert all(len(row.value) < 3 * 9000 for row in store._rows.values())
    browser = site.browser()
    assert browser.get(browser.authorize(browser.get(long_page("/stronger")))).location == long_page("/stronger")


def test_a_sweep_keeps_what_a_sign_in_may_still_need(build: MakeSite, clock: Clock) -> None:
    """Until the sign-in itself is too old."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    started = browser.get(long_page("/stronger"))
    clock.advance(LIFETIME - 10)
    store.sweep(time.time())
    assert browser.get(browser.authorize(started)).location == long_page("/stronger")


@pytest.mark.parametrize("trouble", ["the store fails", "too long"])
def test_otherwise_the_user_returns_to_a_shorter_path(build: MakeSite, trouble: str) -> None:
    """The sign-in can be completed, although the page is not known any more."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    store.refuses_writes = trouble == "the store fails"
    page = long_page("/stronger", 1500) if store.refuses_writes else long_page("/stronger", 20_000)
    started = browser.get(page)
    store.refuses_writes = False
    done = browser.get(browser.authorize(started))
    assert (done.status, done.location) == (303, "/stronger")


def test_a_request_that_was_forgotten_is_completed_without_its_page(build: MakeSite) -> None:
    """Its row was needed for another one."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    started = browser.get(long_page("/stronger"))
    store._rows.clear()
    done = browser.get(browser.authorize(started))
    assert (done.status, done.location) == (303, "/")
