"""The authority is asked again about the account of a session."""

from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.http_browser import Browser
from tests.kit.replies import client_info
from tests.kit.sites import MakeSite, Site
from webidentity._transport.threads import BACKGROUND

#: Longer than the default interval, and shorter than the lifetime of a session.
LATER = 3700


def check(browser: Browser) -> None:
    """Visit a page, and wait until the check that it has started is complete."""
    browser.get("/open")
    assert BACKGROUND.wait(20)


def refreshes(site: Site) -> int:
    """Return how many refresh tokens the site has redeemed."""
    return sum(request.form.get("grant_type") == "refresh_token" for request in site.world.transport.requests)


def test_a_disabled_account_loses_its_session(site: Site, clock: Clock) -> None:
    """At the first check, although no token was needed. The page that starts the check does not wait for it."""
    browser, phone = site.browser(), site.browser()
    browser.sign_in()
    phone.sign_in()
    site.world.tenant.revoke(site.world.ada)
    check(browser)
    assert browser.get("/me").status == 200
    clock.advance(LATER)
    check(browser)
    for each in (browser, phone):
        assert each.get("/open").text == "anonymous"
        assert each.get("/me").status == 302
    assert browser.sign_in().text == "ada@tenant.test"


def test_a_refused_refresh_token_ends_the_session(site: Site, clock: Clock) -> None:
    """A page that needs a token learns it first."""
    browser = site.browser()
    browser.sign_in(path="/files")
    site.world.tenant.revoke(site.world.ada)
    clock.advance(2 * 3600)
    assert browser.get("/files").status == 302
    assert BACKGROUND.wait(20)
    assert browser.get("/open").text == "anonymous"


def test_missing_consent_ends_no_session(site: Site) -> None:
    """The refresh token is still valid."""
    browser = site.browser()
    browser.sign_in()
    assert browser.get("/graph").status == 302
    assert refreshes(site) == 1
    assert browser.get("/me").text == "ada@tenant.test"


def test_roles_are_renewed(site: Site, clock: Clock) -> None:
    """A role that was given after the sign-in counts after the next check, and the session is asked about once."""
    browser = site.browser()
    browser.sign_in()
    assert browser.get("/roles").json == []
    site.world.tenant.assign_role(site.world.ada, site.world.web, "Role.1")
    clock.advance(LATER)
    check(browser)
    asked = refreshes(site)
    check(browser)
    assert browser.get("/roles").json == ["Role.1"]
    assert refreshes(site) == asked == 1


def test_the_interval_is_a_setting(build: MakeSite, clock: Clock) -> None:
    """In seconds."""
    site = build(settings={"session_check_interval": 60})
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    clock.advance(50)
    check(browser)
    assert refreshes(site) == 0
    clock.advance(20)
    check(browser)
    assert refreshes(site) == 1


def test_an_unreachable_authority_ends_no_session(site: Site, clock: Clock) -> None:
    """The check is repeated later."""
    browser = site.browser()
    browser.sign_in()
    clock.advance(LATER)
    site.world.transport.is_cut = True
    check(browser)
    assert browser.get("/me").text == "ada@tenant.test"
    assert BACKGROUND.wait(20)
    site.world.transport.is_cut = False
    clock.advance(LATER)
    check(browser)
    assert refreshes(site) == 1


def test_an_id_token_of_another_account_ends_the_session(site: Site, clock: Clock) -> None:
    """A reply to a refresh must name the same account (OpenID Connect Core 12.2)."""
    seen: list[dict[str, Any]] = []
    site.world.transport.tamper = seen.append
    site.browser().sign_in(site.world.grace)
    foreign = next(reply["id_token"] for reply in seen if "id_token" in reply)
    site.world.transport.tamper = None
    browser = site.browser()
    browser.sign_in()
    clock.advance(LATER)
    site.world.transport.tamper = lambda reply: reply.update(id_token=foreign)
    check(browser)
    assert browser.get("/open").text == "anonymous"


def test_a_guest_stays_signed_in(site: Site, clock: Clock) -> None:
    """The replies name the account in the home tenant, which has other IDs than the session's."""
    info = client_info("guest-at-home", "99999999-9999-9999-9999-999999999999")
    site.world.transport.tamper = lambda reply: reply.update(client_info=info)
    browser = site.browser()
    browser.sign_in()
    clock.advance(LATER)
    check(browser)
    assert refreshes(site) == 1
    assert browser.get("/me").text == "ada@tenant.test"


@pytest.mark.parametrize("flaw", ["signature", "form"])
def test_an_id_token_that_cannot_be_verified_ends_the_session(site: Site, clock: Clock, flaw: str) -> None:
    """Its claims must not become the session's."""

    def spoil(reply: dict[str, Any]) -> None:
        head, body, signature = reply["id_token"].split(".")
        reply["id_token"] = f"{head}.{body}.{'A' * len(signature)}" if flaw == "signature" else "not-a-token"

    browser = site.browser()
    browser.sign_in()
    clock.advance(LATER)
    site.world.transport.tamper = spoil
    check(browser)
    assert browser.get("/open").text == "anonymous"


def test_an_authority_without_id_tokens_is_asked_once_in_an_interval(site: Site, clock: Clock) -> None:
    """It need not send one with the reply to a refresh (OpenID Connect Core 12.2)."""
    browser = site.browser()
    browser.sign_in()
    site.world.transport.tamper = lambda reply: reply.pop("id_token", None)
    for _ in range(2):
        clock.advance(LATER)
        asked = refreshes(site)
        for _ in range(3):
            check(browser)
            clock.advance(31)
        assert refreshes(site) == asked + 1
    assert browser.get("/me").text == "ada@tenant.test"
