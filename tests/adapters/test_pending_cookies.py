"""The cookie of a pending sign-in: its attributes, and that it can be neither read nor changed."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.kit.clock import Clock
from tests.kit.sites import MakeSite, Site


def test_the_cookie_of_an_abandoned_sign_in_is_deleted(site: Site, clock: Clock) -> None:
    """Completing another sign-in deletes the expired cookie."""
    browser = site.browser()
    browser.get("/me")
    abandoned = browser.pending()
    clock.advance(700)
    back = browser.authorize(browser.get("/me"))
    assert set(abandoned) < set(browser.pending())
    browser.get(back)
    assert browser.pending() == {}


def test_every_flipped_byte_of_the_pending_cookie_is_refused(site: Site) -> None:
    """The cookie is encrypted and authenticated, so it can be neither read nor changed."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    [(name, value)] = browser.pending().items()
    state = dict(parse_qsl(urlsplit(back).query))["state"]
    assert state not in value
    for position in range(0, len(value) - 1, 37):
        flipped = "B" if value[position] == "A" else "A"
        browser.jar[name] = value[:position] + flipped + value[position + 1 :]
        assert browser.get(back).status == 400, position
    browser.jar[name] = value
    assert browser.get(back).status == 303


@pytest.mark.parametrize("value", ["", "x", "ä", "A" * 4000, "%00", '"{}"'])
def test_a_malformed_pending_cookie_is_refused(site: Site, value: str) -> None:
    """It does not cause an error."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    [name] = browser.pending()
    browser.jar[name] = value
    assert browser.get(back).status == 400


def test_a_pending_cookie_under_another_name_is_refused(site: Site) -> None:
    """The name is authenticated too, so one sign-in's cookie cannot replace another's."""
    browser = site.browser()
    first = browser.authorize(browser.get("/me"))
    [(name, value)] = browser.pending().items()
    for slot in set("012345") - {name[-1]}:
        browser.jar = {f"{name[:-1]}{slot}": value}
        assert browser.get(first).status == 400
    browser.jar = {name.replace("webidentity-", "webidentity-9"): value}
    assert browser.get(first).status == 400


def test_the_pending_cookie_on_https(site: Site) -> None:
    """__Host- prefix, Secure, HttpOnly, SameSite=Lax, for ten minutes, and for this host alone (RFC 6265bis)."""
    [(name, cookie)] = site.browser().get("/me").cookies.items()
    assert name.startswith("__Host-webidentity-")
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == "600"
    assert "domain" not in cookie


def test_the_pending_cookie_on_localhost_without_https(site: Site) -> None:
    """A plain name, since browsers refuse the prefix there; and the sign-in works."""
    browser = site.browser("http://localhost")
    started = browser.get("/me")
    [(name, cookie)] = started.cookies.items()
    assert name.startswith("webidentity-")
    assert "secure" not in cookie
    assert cookie["httponly"]
    assert started.query["redirect_uri"] == "http://localhost/auth/callback"
    assert browser.get(browser.authorize(started)).status == 303


def test_a_fallback_of_the_secret_key_opens_a_pending_sign_in(build: MakeSite) -> None:
    """Replacing SECRET_KEY interrupts no sign-in. Without the fallback the sign-in is refused without an error."""
    old = build(secret_key="the-old-secret-key-0123456789-0123456789")
    old.world.consent()
    browser = old.browser()
    back = browser.authorize(browser.get("/me"))
    unknown = build(secret_key="another-secret-key-0123456789-0123456789")
    browser.call = unknown.call
    assert browser.get(back).status == 400
    rotated = build(fallbacks=("the-old-secret-key-0123456789-0123456789",))
    browser.call = rotated.call
    assert browser.get(back).status == 303
    assert browser.get("/me").text == "ada@tenant.test"
