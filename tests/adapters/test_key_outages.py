"""Outages of the authority's signing keys."""

import json
from base64 import urlsafe_b64encode

from tests.kit.authority_outages import SilentAuthority
from tests.kit.clock import Clock
from tests.kit.sites import Site
from webidentity._transport.threads import BACKGROUND


def test_without_the_authority_bearer_tokens_cannot_be_verified(site: Site) -> None:
    """The site answers 503 while it knows no key to verify tokens with, and does not refuse the token."""
    token = site.world.access_token()
    site.world.transport.is_cut = True
    reply = site.api("/me", token)
    assert reply.status == 503
    assert reply.json["error"] == "temporarily_unavailable"
    assert reply.header("Retry-After")
    assert reply.header("WWW-Authenticate") == ""


def test_a_sign_in_survives_an_outage_of_the_keys(site: Site, clock: Clock) -> None:
    """Nothing is redeemed without the keys: reloading the page a few seconds later completes the sign-in."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    site.world.transport.is_cut = True
    waiting = browser.get(back)
    assert (waiting.status, waiting.header("Retry-After")) == (503, "5")
    assert waiting.cookies == {}
    site.world.transport.is_cut = False
    assert browser.get(back).status == 503, "the keys are not fetched at once again"
    assert not [request for request in site.world.transport.requests if request.path.endswith("/token")]
    clock.advance(5)
    assert browser.get(back).location == "/me"


def test_a_bearer_token_with_a_new_key_is_not_refused_during_an_outage(site: Site, clock: Clock) -> None:
    """503 as long as the new keys cannot be fetched, and at most one attempt in five seconds."""
    assert site.api("/me", site.world.access_token()).status == 200
    clock.advance(100)
    site.world.tenant.rotate_keys()
    token = site.world.access_token()
    site.world.transport.is_cut = True
    for _ in range(2):
        reply = site.api("/me", token)
        assert (reply.status, reply.header("Retry-After")) == (503, "5")
    site.world.transport.is_cut = False
    clock.advance(5)
    assert site.api("/me", token).status == 503, "the keys are fetched beside the request"
    assert BACKGROUND.wait(20)
    assert site.api("/me", token).status == 200


def test_a_sign_in_with_a_new_key_waits_for_the_keys_after_an_outage(site: Site, clock: Clock) -> None:
    """Its code is redeemed already, and the authority has just answered. A bearer token would be answered with 503."""
    assert site.api("/me", site.world.access_token()).status == 200
    clock.advance(100)
    site.world.tenant.rotate_keys()
    site.world.transport.is_cut = True
    assert site.api("/me", site.world.access_token()).status == 503
    site.world.transport.is_cut = False
    clock.advance(6)
    browser = site.browser()
    assert browser.sign_in().text == "ada@tenant.test"


def test_bearer_tokens_with_invented_keys_hold_no_request(site: Site, clock: Clock) -> None:
    """While the authority is silent, they are answered at once, and tokens with known keys are accepted."""
    good = site.world.access_token()
    assert site.api("/me", good).status == 200
    header = {"alg": "RS256", "typ": "JWT", "kid": "invented"}
    invented = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, {}, {}))
    site.world.transport.is_cut = True
    assert site.api("/me", invented).status == 503
    site.world.transport.is_cut = False
    silent = SilentAuthority(site)
    clock.advance(6)
    for _ in range(4):
        reply = site.api("/me", invented)
        assert (reply.status, reply.header("Retry-After")) == (503, "5")
        assert site.api("/me", good).status == 200
    assert silent.received.wait(10)
    assert not silent.released.is_set()
    silent.answer()
    assert site.api("/me", invented).status == 401


def test_known_keys_are_used_during_an_outage(site: Site, clock: Clock) -> None:
    """A client with a valid token is served, also a day later."""
    site.api("/me", site.world.access_token())
    site.world.transport.is_cut = True
    clock.advance(30 * 3600)
    assert site.api("/me", site.world.access_token()).text == "ada@tenant.test"
