"""The ID token decides who signed in: one that is not for this very sign-in signs nobody in."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.http_browser import Browser, Reply
from tests.kit.sites import Site
from tests.kit.world import World
from webidentity.testing import SigningKey

Mint = Callable[[World, str], str | None]


def id_token(world: World, nonce: str | None, **changes: Any) -> str:
    """Return an ID token of grace for the web application."""
    given = {"client": world.web, "user": world.grace, "nonce": nonce, **changes}
    return world.tenant.mint_id_token(**given)


REFUSED: dict[str, tuple[Mint, str]] = {
    "another nonce": (lambda world, _: id_token(world, "another"), "another sign-in"),
    "no nonce": (lambda world, _: id_token(world, None), "another sign-in"),
    "another application": (lambda world, nonce: id_token(world, nonce, client=world.files), "another application"),
    "two applications": (
        lambda world, nonce: id_token(world, nonce, aud=[world.web.client_id, world.files.client_id]),
        "another application",
    ),
    "issued to another": (lambda world, nonce: id_token(world, nonce, azp="another"), "another application"),
    "another access token": (lambda world, nonce: id_token(world, nonce, at_hash="x"), "another access token"),
    "expired": (lambda world, nonce: id_token(world, nonce, exp=1_000_000_000), "expired"),
    "another issuer": (lambda world, nonce: id_token(world, nonce, iss="https://evil.test"), "another issuer"),
    "another tenant": (
        lambda world, nonce: id_token(world, nonce, tid="99999999-9999-9999-9999-999999999999"),
        "does not belong to its issuer",
    ),
    "another key": (lambda world, nonce: id_token(world, nonce, key=SigningKey.generate()), "does not publish"),
    "no signature": (lambda world, nonce: f"{id_token(world, nonce).rpartition('.')[0]}.", "signature is wrong"),
    "an access token": (lambda world, _: world.access_token(world.grace), "another sign-in"),
    "no token": (lambda *_: "x", "not a signed token"),
    "none": (lambda *_: None, "no ID token"),
}


def sign_in(site: Site, browser: Browser, mint: Mint) -> Reply:
    """Sign in, and have the token endpoint send that ID token."""
    begun = browser.get("/files")
    back = browser.authorize(begun)
    site.world.transport.tamper = lambda reply: reply.update(id_token=mint(site.world, begun.query["nonce"]))
    done = browser.get(back)
    site.world.transport.tamper = None
    return done


@pytest.mark.parametrize("name", REFUSED)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(site: Site, name: str) -> None:
    """OpenID Connect Core 3.1.3.7. Whoever was signed in stays so."""
    mint, reason = REFUSED[name]
    browser = site.browser()
    browser.sign_in()
    before = browser.session()
    begun = browser.get("/auth/sign-in")
    back = browser.authorize(begun)
    site.world.transport.tamper = lambda reply: reply.update(id_token=mint(site.world, begun.query["nonce"]))
    done = browser.get(back)
    assert done.status == 403
    assert "<h1>We could not verify your sign-in</h1>" in done.text
    assert reason in done.text
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.session() == before
    assert any(reason in message for message in site.log.messages("webidentity.web"))


def test_a_good_id_token_of_the_tenant_is_accepted(site: Site) -> None:
    """The test above can fail: the same tampering, with what the tenant would have sent."""
    browser = site.browser()
    assert sign_in(site, browser, lambda world, nonce: id_token(world, nonce, user=world.ada)).status == 303
    assert browser.get("/me").text == "ada@tenant.test"


def test_a_refused_sign_in_leaves_no_tokens(site: Site) -> None:
    """Nothing of the reply is kept: the next sign-in of the user redeems its own code."""
    browser = site.browser()
    assert sign_in(site, browser, REFUSED["another nonce"][0]).status == 403
    assert browser.get("/open").text == "nobody"
    assert browser.sign_in(path="/files").json["oid"] == site.world.ada.object_id
