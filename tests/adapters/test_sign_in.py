"""Signing in, and the session afterwards."""

import json
from urllib.parse import urlsplit

import pytest

from tests.kit.sites import Site
from tests.kit.world import READ, ROLES


def test_a_user_signs_in_and_returns_to_the_page(site: Site) -> None:
    """The user returns to the page with its query string, and each view gets tokens of that user."""
    browser = site.browser()
    page = browser.sign_in(path="/files?folder=a%20b")
    assert page.status == 200
    assert page.json == {"user": "ada@tenant.test", "same": True, "oid": site.world.ada.object_id, "scp": "Files.Read"}
    assert browser.get("/async/files").json == page.json
    assert browser.get("/me").text == browser.get("/async/me").text == "ada@tenant.test"
    assert browser.get("/both").text == "both"


def test_the_sign_in_route_goes_to_next(site: Site) -> None:
    """A link to the sign-in names the page to return to."""
    browser = site.browser()
    started = browser.get("/auth/sign-in?next=/me%3Fa%3Db")
    done = browser.get(browser.authorize(started))
    assert (done.status, done.location) == (303, "/me?a=b")
    assert browser.get(done.location).text == "ada@tenant.test"


def test_the_authorization_request_is_complete(site: Site) -> None:
    """Code flow with PKCE S256, state and nonce, and the exact redirect URI (RFC 9700 section 2.1)."""
    asked = site.browser().get("/files")
    assert urlsplit(asked.location).path == f"/{site.world.tenant.tenant_id}/oauth2/v2.0/authorize"
    query = asked.query
    assert query["response_type"] == "code"
    assert query["response_mode"] == "query"
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == "https://app.test/auth/callback"
    assert query["scope"].split() == ["openid", "profile", "offline_access", READ]
    assert {"client_secret", "code_verifier", "login_hint", "prompt"}.isdisjoint(query)


def test_state_nonce_and_challenge_are_new_each_time(site: Site) -> None:
    """128 bits and more, none equal to another (RFC 9700 section 2.1.1)."""
    browser = site.browser()
    values = [browser.get("/me").query[name] for _ in range(5) for name in ("state", "nonce", "code_challenge")]
    assert len(set(values)) == 15
    assert min(map(len, values)) >= 43


@pytest.mark.parametrize("name", ["login_hint", "prompt", "domain_hint", "claims", "scope", "max_age", "redirect_uri"])
def test_a_link_cannot_change_the_authorization_request(site: Site, name: str) -> None:
    """The public route accepts only the page to return to."""
    query = site.browser().get(f"/auth/sign-in?{name}=chosen-by-a-link&next=/me").query
    assert "chosen-by-a-link" not in query.values()


def test_a_session_is_small_and_has_no_token(site: Site) -> None:
    """It contains the account and a handle, under 600 bytes."""
    browser = site.browser()
    browser.sign_in(path="/files")
    content = browser.session()
    assert set(content["webidentity"]) == {"record", "handle"}
    record = json.loads(content["webidentity"]["record"])
    assert set(record) == {"authority", "clientId", "homeAccountId", "tenantId", "username", "version"}
    assert record["homeAccountId"] == f"{site.world.ada.object_id}.{site.world.tenant.tenant_id}"
    assert len(json.dumps(content)) < 600
    assert not site.world.secrets.found_in(json.dumps(content))


def test_a_user_with_many_roles_has_a_small_session_too(site: Site) -> None:
    """All claims stay on the server."""
    for role in ROLES:
        site.world.tenant.assign_role(site.world.ada, site.world.web, role)
    browser = site.browser()
    assert browser.sign_in().text == "ada@tenant.test"
    assert len(json.dumps(browser.session())) < 600
    assert max(len(name) + len(value) for name, value in browser.jar.items()) < 1500


def test_the_session_gets_a_new_id_and_keeps_its_content(site: Site) -> None:
    """A session ID that an attacker knew before the sign-in is useless afterwards."""
    browser = site.browser()
    browser.get("/remember?what=a-basket")
    before = dict(browser.jar)
    browser.sign_in()
    assert browser.session()["remembered"] == "a-basket"
    attacker = site.browser()
    attacker.jar = before
    assert attacker.get("/open").text == "anonymous"
    assert attacker.get("/me").status == 302


def test_signing_in_again_keeps_the_session_of_the_same_user(site: Site) -> None:
    """The handle is new, and the old one is useless."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/remember?what=a-basket")
    before = dict(browser.jar)
    browser.get(browser.authorize(browser.get("/auth/sign-in")))
    assert browser.session()["remembered"] == "a-basket"
    assert browser.get("/me").status == 200
    copied = site.browser()
    copied.jar = before
    assert copied.get("/me").status == 302


def test_another_user_finds_nothing_of_the_previous_user(site: Site) -> None:
    """Their sign-in empties the session, and ends the previous session on the server."""
    browser = site.browser()
    browser.sign_in(site.world.ada)
    browser.get("/remember?what=a-diary")
    before = dict(browser.jar)
    browser.tenant.cookies.clear()
    browser.get(browser.authorize(browser.get("/auth/sign-in"), site.world.grace))
    browser.post("/auth/callback?account=switch")
    assert browser.get("/me").text == "grace@tenant.test"
    assert "remembered" not in browser.session()
    copied = site.browser()
    copied.jar = before
    assert copied.get("/me").status == 302


def test_a_link_of_another_site_starts_a_sign_in_but_changes_no_session(site: Site) -> None:
    """Login CSRF (RFC 6749 section 10.12): the session stays the same until the user returns."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/auth/sign-in", {"Sec-Fetch-Site": "cross-site"})
    assert browser.get("/me").text == "ada@tenant.test"


def test_an_authenticated_page_is_not_cached(site: Site) -> None:
    """Browsers and shared caches do not store the page, and it varies by cookie (CVE-2023-30861 is an example)."""
    browser = site.browser()
    browser.sign_in()
    for path in ("/me", "/files", "/async/files", "/open"):
        page = browser.get(path)
        assert page.header("Cache-Control") == "private, no-store", path
        assert "Cookie" in page.header("Vary"), path
    assert site.browser().get("/public").header("Cache-Control") == ""


def test_responses_of_the_sign_in_are_not_cached_framed_or_sent_as_referer(site: Site) -> None:
    """RFC 9700 section 4.2.4."""
    browser = site.browser()
    started = browser.get("/me")
    done = browser.get(browser.authorize(started))
    for reply in (started, done, browser.get("/auth/callback?state=x&code=y")):
        assert "no-store" in reply.header("Cache-Control")
        assert reply.header("Referrer-Policy") == "no-referrer"
        assert "frame-ancestors 'none'" in reply.header("Content-Security-Policy")
