"""Challenges that the user must answer: consent and stronger authentication, then back to the same page."""

import json

import pytest

from tests.kit.clock import Clock
from tests.kit.http_browser import FETCH
from tests.kit.sites import MakeSite, Site
from tests.kit.world import GRAPH, READ, WRITE

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_a_missing_consent_is_requested(build: MakeSite, path: str) -> None:
    """Consent is requested when the page needs it and not before, and then the page works."""
    site = build()
    browser = site.browser()
    started = browser.get("/me")
    assert READ not in started.query["scope"]
    browser.get(browser.authorize(started))
    asked = browser.get(f"{path}?x=1")
    assert READ in asked.query["scope"].split()
    back = browser.get(browser.authorize(asked))
    assert back.location == f"{path}?x=1"
    assert browser.get(back.location).json["scp"] == "Files.Read"
    assert WRITE in browser.get("/write").query["scope"].split()


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
def test_a_credential_used_inside_a_view_challenges_too(build: MakeSite, path: str) -> None:
    """The error of get_token passes through the code in between."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    asked = browser.get(path)
    assert GRAPH in asked.query["scope"].split()
    assert browser.get(browser.get(browser.authorize(asked)).location).text == site.world.ada.object_id


def test_a_scope_that_a_refresh_does_not_grant_is_requested_of_the_user(site: Site, clock: Clock) -> None:
    """The view gets no token for less than it requires, and the refresh token is not redeemed at every page view."""
    browser = site.browser()
    browser.sign_in()
    transport = site.world.transport
    transport.tamper = lambda reply: reply.update(scope="openid profile api://files/Files.Read", refresh_token="newer")
    sent = len(transport.requests)
    for _ in range(5):
        asked = browser.get("/write")
        assert asked.status == 302
        assert WRITE in asked.query["scope"].split()
    assert [request.form.get("grant_type") for request in transport.requests[sent:]] == ["refresh_token"]
    transport.tamper = None
    back = browser.get(browser.authorize(asked))
    assert browser.get(back.location).status == 200


def test_a_scope_that_an_exchange_does_not_grant_is_requested_of_the_client(site: Site, clock: Clock) -> None:
    """An API is not called with a token for less than the view requires."""
    token, transport = site.world.access_token(), site.world.transport
    transport.tamper = lambda reply: reply.update(scope="openid profile api://files/Files.Write")
    for _ in range(3):
        reply = site.api("/files", token)
        assert reply.status == 401
        assert 'Bearer error="' in reply.header("WWW-Authenticate")
    posts = [request for request in transport.requests if request.path.endswith("/token")]
    assert len(posts) == 1
    transport.tamper = None
    clock.advance(31)
    assert site.api("/files", token).status == 200


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_conditional_access_is_satisfied_and_leads_back(site: Site, path: str) -> None:
    """The redirection contains the claims challenge, also for a page that was served before."""
    browser = site.browser()
    browser.sign_in()
    site.world.tenant.require_claims(site.world.ada, site.world.files, CLAIMS)
    asked = browser.get(f"{path}?x=1")
    assert asked.status == 302
    assert json.loads(asked.query["claims"]) == json.loads(CLAIMS)
    back = browser.get(browser.authorize(asked))
    assert back.location == f"{path}?x=1"
    assert browser.get(back.location).json["oid"] == site.world.ada.object_id
    assert "claims" not in browser.get("/auth/sign-in").query, "requested until it succeeds, and not after"


def test_a_script_gets_the_claims_sealed_in_its_login_url(site: Site) -> None:
    """Only the application can create such a link."""
    browser = site.browser()
    browser.sign_in()
    site.world.tenant.require_claims(site.world.ada, site.world.files, CLAIMS)
    reply = browser.get("/files", FETCH)
    assert reply.status == 401
    assert "acrs" not in reply.text
    started = browser.get(reply.json["login_url"])
    assert json.loads(started.query["claims"]) == json.loads(CLAIMS)


def test_a_redirect_loop_is_stopped(site: Site) -> None:
    """A page that still asks after two sign-ins for it, or a session cookie that is lost, ends in an explanation."""
    browser = site.browser()
    asked = browser.get("/deep")
    for _ in range(2):
        assert asked.status == 302
        done = browser.get(browser.authorize(asked))
        assert done.status == 303
        asked = browser.get(done.location)
    assert asked.status == 403
    assert "Signing in did not solve the problem" in asked.text
    assert "SESSION_COOKIE_SECURE" in asked.text
    assert browser.get("/deep").status == 302, "the next attempt is allowed"
