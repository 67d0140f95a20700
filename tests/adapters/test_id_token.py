"""The ID token decides which user signed in. It must belong to this sign-in."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.http_browser import Browser, SiteReply
from tests.kit.sites import Site
from tests.kit.world import World
from webidentity.testing import SigningKeyPair

Mint = Callable[[World, str], str | None]


def id_token(world: World, nonce: str | None, **changes: Any) -> str:
    """Return an ID token of grace for the web application."""
    given = {"client": world.web, "user": world.grace, "nonce": nonce, **changes}
    return world.tenant.mint_id_token(**given)


def nested(depth: int) -> Any:
    """Return an array in an array, and so on."""
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


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
    "another key": (lambda world, nonce: id_token(world, nonce, key=SigningKeyPair.generate()), "does not publish"),
    "no signature": (lambda world, nonce: f"{id_token(world, nonce).rpartition('.')[0]}.", "signature is wrong"),
    "an access token": (lambda world, _: world.access_token(world.grace), "another sign-in"),
    "nested claims": (lambda world, nonce: id_token(world, nonce, groups=nested(700)), "nested"),
    "no token": (lambda *_: "x", "not a signed token"),
    "none": (lambda *_: None, "no ID token"),
}


def sign_in(site: Site, browser: Browser, mint: Mint) -> SiteReply:
    """Sign in, and have the token endpoint send that ID token."""
    started = browser.get("/files")
    back = browser.authorize(started)
    site.world.transport.tamper = lambda reply: reply.update(id_token=mint(site.world, started.query["nonce"]))
    done = browser.get(back)
    site.world.transport.tamper = None
    return done


@pytest.mark.parametrize("name", REFUSED)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(site: Site, name: str) -> None:
    """OpenID Connect Core 3.1.3.7. A user who was signed in stays signed in."""
    mint, reason = REFUSED[name]
    browser = site.browser()
    browser.sign_in()
    before = browser.session()
    started = browser.get("/auth/sign-in")
    back = browser.authorize(started)
    site.world.transport.tamper = lambda reply: reply.update(id_token=mint(site.world, started.query["nonce"]))
    done = browser.get(back)
    assert done.status == 403
    assert "<h1>We could not verify your sign-in</h1>" in done.text
    assert reason in done.text
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.session() == before
    assert any(reason in message for message in site.log.messages("webidentity.web"))


def test_a_good_id_token_of_the_tenant_is_accepted(site: Site) -> None:
    """The test above can fail: here the replaced ID token is valid."""
    browser = site.browser()
    assert sign_in(site, browser, lambda world, nonce: id_token(world, nonce, user=world.ada)).status == 303
    assert browser.get("/me").text == "ada@tenant.test"


def test_a_refused_sign_in_leaves_no_tokens(site: Site) -> None:
    """The response is not stored. The next sign-in of the user redeems its own code."""
    browser = site.browser()
    assert sign_in(site, browser, REFUSED["another nonce"][0]).status == 403
    assert browser.get("/open").text == "anonymous"
    assert browser.sign_in(path="/files").json["oid"] == site.world.ada.object_id


def client_info(world: World, user: str, tenant: str | None = None) -> str:
    """Return the part of a token response that names the account."""
    content = json.dumps({"uid": user, "utid": tenant or world.tenant.tenant_id}).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _account(world: World) -> str:
    return f"{world.ada.object_id}.{world.tenant.tenant_id}"


def sign_in_as(site: Site, browser: Browser, info: str, **claims: Any) -> SiteReply:
    """Sign in as ada, with a token response that names the account as given."""

    def tamper(reply: dict[str, Any]) -> None:
        token = id_token(site.world, started.query["nonce"], user=site.world.ada, **claims)
        reply.update(client_info=info, id_token=token)

    started = browser.get("/me")
    back = browser.authorize(started)
    site.world.transport.tamper = tamper
    done = browser.get(back)
    site.world.transport.tamper = None
    return done


def test_a_response_that_names_another_account_is_refused(site: Site) -> None:
    """The ID token is ada's, but the tokens would be stored as grace's, another user of the same tenant."""
    browser = site.browser()
    done = sign_in_as(site, browser, client_info(site.world, site.world.grace.object_id))
    assert done.status == 403
    assert "name different accounts" in done.text
    assert browser.get("/open").text == "anonymous"


def test_a_guest_has_other_ids_in_the_response(site: Site) -> None:
    """Those of the home tenant. They are not signed, so the IDs in this tenant, from the ID token, name the account."""
    browser = site.browser()
    home = "99999999-9999-9999-9999-999999999999"
    assert sign_in_as(site, browser, client_info(site.world, "guest-at-home", home)).status == 303
    assert json.loads(browser.session()["webidentity"]["record"])["homeAccountId"] == _account(site.world)


def test_a_guests_home_account_is_not_shared(site: Site) -> None:
    """A response that names the home account of a guest does not lead to that guest's session and tokens."""
    home = "99999999-9999-9999-9999-999999999999"
    guest, other = site.browser(), site.browser()
    info = client_info(site.world, "guest-at-home", home)
    assert guest.sign_in(path="/files").json["oid"] == site.world.ada.object_id
    assert sign_in_as(site, other, info, oid=site.world.grace.object_id).status == 303
    records = [json.loads(browser.session()["webidentity"]["record"])["homeAccountId"] for browser in (guest, other)]
    assert records == [f"{user.object_id}.{site.world.tenant.tenant_id}" for user in (site.world.ada, site.world.grace)]


def test_an_id_token_without_an_object_id_is_accepted(site: Site) -> None:
    """The subject names the account then, and not the part of the response that is not signed."""
    browser = site.browser()
    info = client_info(site.world, site.world.grace.object_id)
    assert sign_in_as(site, browser, info, oid=None).status == 303
    named = json.loads(browser.session()["webidentity"]["record"])["homeAccountId"]
    assert site.world.grace.object_id not in named
    assert named.endswith(f".{site.world.tenant.tenant_id}")
