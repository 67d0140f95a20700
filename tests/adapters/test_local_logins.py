"""A login of django.contrib.auth or Flask-Login in the same session."""

import pytest

from tests.kit.local_login import DJANGO, NOBODY
from tests.kit.sites import MakeSite, Site


@pytest.fixture
def site(build: MakeSite) -> Site:
    """A site with a login of its own."""
    made = build(HAS_LOCAL_LOGIN=True, **DJANGO)
    made.world.consent()
    return made


@pytest.mark.parametrize("query", ["", "?remember"])
def test_a_local_login_ends_when_a_user_signs_in(site: Site, query: str) -> None:
    """It may be another person's, and so may the other content of the session."""
    browser = site.browser()
    browser.get("/remember?what=a-diary")
    browser.get(f"/local/login{query}")
    assert browser.get("/local/me").text == "local"
    browser.sign_in()
    assert browser.get("/local/me").text == NOBODY
    assert browser.get("/me").text == "ada@tenant.test"
    assert "remembered" not in browser.session()


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
