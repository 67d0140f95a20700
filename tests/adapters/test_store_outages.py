"""Outages of the store."""

import pytest

from tests.kit.failing_store import FailingStore
from tests.kit.http_browser import FETCH
from tests.kit.sites import MakeSite


def test_without_its_store_the_site_answers_503(build: MakeSite) -> None:
    """The answer is a page or JSON and never shows another user; the session works again when the store does."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    browser.sign_in(path="/files")
    token = site.world.access_token()
    store.is_down = True
    for path in ("/me", "/files", "/async/me", "/async/files"):
        page = browser.get(path)
        assert page.status == 503, path
        assert page.header("Retry-After")
        assert "<h1>Sign-in is temporarily unavailable</h1>" in page.text
        assert browser.get(path, FETCH).json["error"] == "temporarily_unavailable"
        assert page.location == ""
    assert site.api("/files", token).status == 503
    assert browser.get("/open").text == "anonymous"
    assert browser.get("/public").status == 200
    store.is_down = False
    assert browser.get("/me").text == "ada@tenant.test"
    store.is_down = True
    assert browser.post("/auth/sign-out").status == 503, "the session was not ended"
    store.is_down = False
    assert browser.get("/me").status == 200


def test_a_sign_in_survives_an_outage_of_the_store(build: MakeSite) -> None:
    """The state is not used: reloading the page completes the sign-in."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    store.is_down = True
    assert browser.get(back).status == 503
    assert browser.pending()
    store.is_down = False
    assert browser.get(back).status == 303


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
def test_a_store_that_fails_inside_a_view_is_503(build: MakeSite, path: str) -> None:
    """The guard has read the session before; the store fails when the view asks for a token."""
    store = FailingStore()
    site = build(store=store)
    browser = site.browser()
    browser.sign_in()
    store.loads_left = 1
    page = browser.get(path)
    assert page.status == 503
    assert page.header("Retry-After") == "10"
    assert "<h1>Sign-in is temporarily unavailable</h1>" in page.text
