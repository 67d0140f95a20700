"""Signing out."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from webidentity.testing import SigningKeyPair


def logout_url(scene, **parameters):
    return f"{scene.tenant.tenant_url}/oauth2/v2.0/logout?{urlencode(parameters)}"


def test_sign_out_ends_the_session_and_shows_a_page(scene):
    scene.sign_in()
    page = scene.browser.logout(logout_url(scene))
    assert (page.status, page.title, page.location) == (200, "You signed out of your account", None)
    assert not any("session" in name for name in scene.browser.cookies)
    assert scene.browser.open(scene.authorize_url()).title == "Sign in"


def test_sign_out_redirects_to_a_registered_address_with_the_state(scene):
    scene.sign_in()
    url = logout_url(scene, post_logout_redirect_uri=scene.callback, state="s 1")
    assert scene.browser.logout(url).location == f"{scene.callback}?state=s+1"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "https://app.test/callback/", "javascript:1"])
def test_sign_out_redirects_to_no_other_address(scene, target):
    page = scene.browser.logout(logout_url(scene, post_logout_redirect_uri=target))
    assert (page.title, page.location) == ("You signed out of your account", None)


def test_an_id_token_hint_selects_the_app_of_the_address(scene):
    token = scene.tokens()["id_token"]
    assert scene.browser.logout(
        logout_url(scene, post_logout_redirect_uri=scene.callback, id_token_hint=token)
    ).location
    other = scene.tenant.mint_id_token(client=scene.api, user=scene.ada)
    for hint in (
        other,
        "nonsense",
        scene.tenant.mint_id_token(client=scene.web, user=scene.ada, key=SigningKeyPair.generate()),
    ):
        url = logout_url(scene, post_logout_redirect_uri=scene.callback, id_token_hint=hint)
        assert scene.browser.logout(url).location is None


def test_a_hint_signs_one_account_out(scene):
    hint = scene.claims(scene.tokens()["id_token"])["login_hint"]
    scene.browser.sign_in(scene.authorize_url(prompt="login"), "grace@tenant.test", "grace-password")
    scene.browser.logout(logout_url(scene, logout_hint=hint))
    page = scene.browser.open(scene.authorize_url())
    assert page.location
    page = scene.browser.open(scene.authorize_url(login_hint="ada@tenant.test"))
    assert page.title == "Sign in"


def test_the_old_session_id_is_refused(scene):
    scene.sign_in()
    kept = dict(scene.browser.cookies)
    scene.browser.logout(logout_url(scene))
    scene.browser.cookies = kept
    assert scene.browser.open(scene.authorize_url()).title == "Sign in"
