"""A signed-in user who must act again is named to the authority, which then does not ask for the account."""

from urllib.parse import unquote

import pytest

from tests.kit.canned import lines_of
from tests.kit.clock import Clock
from tests.kit.http_browser import FETCH
from tests.kit.records import all_logs
from tests.kit.sites import MakeSite, Site
from tests.kit.world import PASSWORD


@pytest.mark.parametrize("path", ["/files", "/async/files", "/graph"])
def test_the_authority_shows_no_account_picker(build: MakeSite, path: str) -> None:
    """The browser has another account at the authority too. The hint is the opaque claim."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    browser.tenant.sign_in(browser.get("/auth/sign-in").location + "&prompt=login", "grace@tenant.test", PASSWORD)
    asked = browser.get(path)
    assert asked.query["login_hint"].startswith("O.")
    assert "ada" not in asked.location
    page = browser.tenant.open(asked.location)
    assert page.form("consent"), "the page of the right account, without a choice"
    assert "ada@tenant.test" in page.html


def test_without_the_optional_claim_the_username_is_the_hint(build: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registration decides whether ID tokens have the claim. The address is not logged."""
    monkeypatch.setattr("webidentity.testing.tokens._claims.opaque_login_hint", lambda *_: None)
    site = build()
    browser = site.browser()
    with all_logs() as records:
        browser.sign_in()
        assert browser.get("/files").query["login_hint"] == "ada@tenant.test"
    ours = [text for text in records.texts if "'name': 'webidentity" in text]
    assert "ada@tenant.test" not in lines_of(ours)


def test_a_revoked_user_is_named(site: Site, clock: Clock) -> None:
    """The refresh token was refused, and the session ends. It is still known whose it was."""
    browser = site.browser()
    browser.sign_in(path="/files")
    site.world.tenant.revoke(site.world.ada)
    clock.advance(2 * 3600)
    assert browser.get("/files").query["login_hint"].startswith("O.")


def test_a_script_gets_the_hint_sealed_in_its_login_url(build: MakeSite) -> None:
    """The link appears in access logs."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    login_url = browser.get("/files", FETCH).json["login_url"]
    hint = browser.get(login_url).query["login_hint"]
    assert hint.startswith("O.")
    assert hint not in unquote(login_url)


def test_a_visitor_is_not_named(site: Site) -> None:
    """Neither before the first sign-in, nor after sign-out."""
    browser = site.browser()
    assert "login_hint" not in browser.get("/files").query
    browser.sign_in()
    browser.post("/auth/sign-out")
    assert "login_hint" not in browser.get("/files").query


@pytest.mark.parametrize(
    ("settings", "late", "status"), [({}, 250, 200), ({}, 310, 401), ({"clock_leeway": 0}, 5, 401)]
)
def test_the_leeway_of_clocks_is_a_setting(
    build: MakeSite, clock: Clock, settings: dict[str, int], late: int, status: int
) -> None:
    """A bearer token is accepted for that long after its expiry."""
    site = build(settings=settings)
    token = site.world.access_token()
    clock.advance(3600 + late)
    assert site.api("/me", token).status == status
