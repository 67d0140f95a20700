"""A login of django.contrib.auth or Flask-Login in the same session."""

import pytest

from tests.kit.account_change import KEEP, SWITCH, sign_in_as_grace
from tests.kit.clock import Clock
from tests.kit.http_browser import Browser, SiteReply
from tests.kit.local_login import DJANGO, NOBODY
from tests.kit.sites import MakeSite, Site


@pytest.fixture
def site(build: MakeSite) -> Site:
    """A site with a login of its own."""
    made = build(HAS_LOCAL_LOGIN=True, **DJANGO)
    made.world.consent()
    return made


def follow_link(browser: Browser) -> SiteReply:
    """Follow a link of another site to the sign-in, which the authority completes at once."""
    started = browser.get("/auth/sign-in?next=/me", {"Sec-Fetch-Site": "cross-site"})
    return browser.get(browser.authorize(started))


@pytest.mark.parametrize("query", ["", "?remember"])
def test_the_user_is_asked_before_a_local_login_ends(site: Site, query: str) -> None:
    """A link of another site may have started the sign-in. Nothing has changed, and the user may keep the login."""
    browser = site.browser()
    browser.get("/remember?what=a-diary")
    browser.get(f"/local/login{query}")
    page = follow_link(browser)
    assert page.status == 200
    assert page.text.count("your current login") == page.text.count("ada@tenant.test") == 2
    assert browser.post(KEEP).status == 200
    assert browser.get("/local/me").text == "local"
    assert browser.get("/open").text == "anonymous"
    assert browser.session()["remembered"] == "a-diary"
    assert browser.post(SWITCH).status == 400
    assert browser.get("/local/me").text == "local"


@pytest.mark.parametrize("query", ["", "?remember"])
def test_a_local_login_ends_when_a_user_signs_in(site: Site, query: str) -> None:
    """It may be another person's, and so may the other content of the session."""
    browser = site.browser()
    browser.get("/remember?what=a-diary")
    browser.get(f"/local/login{query}")
    assert browser.get("/local/me").text == "local"
    follow_link(browser)
    reply = browser.post(SWITCH)
    assert (reply.status, reply.location) == (200, "/me")
    assert browser.get("/local/me").text == NOBODY
    assert browser.get("/me").text == "ada@tenant.test"
    assert "remembered" not in browser.session()


def test_the_decision_belongs_to_the_local_login(site: Site) -> None:
    """It has no effect when the login has ended meanwhile, or in a browser that has a session."""
    browser, other = site.browser(), site.browser()
    browser.get("/local/login")
    follow_link(browser)
    cookie = {name: value for name, value in browser.jar.items() if "-account-" in name}
    browser.post("/auth/sign-out")
    assert browser.post(SWITCH).status == 400
    assert browser.get("/open").text == "anonymous"
    other.sign_in(site.world.grace)
    other.get("/local/login")
    other.jar.update(cookie)
    assert other.post(SWITCH).status == 400
    assert other.get("/me").text == "grace@tenant.test"


def test_a_local_login_of_an_ended_session(site: Site, clock: Clock) -> None:
    """The user of the same account is not asked: the site may have logged in the user of the identity."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/local/login")
    clock.advance(9 * 3600)
    browser.get("/local/login")
    assert "your current login" in sign_in_as_grace(site, browser).text
    assert browser.get("/local/me").text == "local"
    browser.tenant.cookies.clear()
    started = browser.get("/auth/sign-in?next=/me")
    reply = browser.get(browser.authorize(started, site.world.ada))
    assert (reply.status, reply.location) == (303, "/me")
    assert browser.get("/me").text == "ada@tenant.test"


@pytest.mark.parametrize("query", ["", "?remember"])
def test_a_local_login_ends_with_the_session(site: Site, query: str) -> None:
    """A site may log in the user of the identity. Signing out ends both."""
    browser = site.browser()
    browser.sign_in()
    browser.get(f"/local/login{query}")
    assert browser.get("/local/me").text == "local"
    assert browser.post("/auth/sign-out").status == 200
    assert browser.get("/local/me").text == NOBODY


def test_a_local_login_stays_when_the_same_user_signs_in_again(site: Site) -> None:
    """The site may have logged in the user of the identity."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/local/login")
    browser.get(browser.authorize(browser.get("/auth/sign-in")))
    assert browser.get("/local/me").text == "local"
    assert browser.get("/me").text == "ada@tenant.test"


def test_signing_in_without_a_local_login_keeps_the_session(site: Site) -> None:
    """A visitor's basket, for example."""
    browser = site.browser()
    browser.get("/remember?what=a-basket")
    browser.sign_in()
    assert browser.session()["remembered"] == "a-basket"


def test_a_sign_out_without_a_session_ends_a_local_login(site: Site) -> None:
    """The button may be shown to such a user too."""
    browser = site.browser()
    browser.get("/local/login")
    assert browser.post("/auth/sign-out").status == 200
    assert browser.get("/local/me").text == NOBODY
