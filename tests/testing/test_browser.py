"""The scripted browser."""

from __future__ import annotations

import pytest

from webidentity.testing import SignInError


def test_the_browser_visits_one_tenant_only(scene):
    with pytest.raises(ValueError, match=r"visits https://login\.tenant\.test only"):
        scene.browser.open("https://app.test/")


def test_the_error_names_the_method_for_the_response_mode(scene):
    arguments = ("ada@tenant.test", "ada-password")
    with pytest.raises(SignInError, match="sign_in_form_post"):
        scene.browser.sign_in(scene.authorize_url(response_mode="form_post"), *arguments)
    with pytest.raises(SignInError, match=r"use sign_in\(\)"):
        scene.browser.sign_in_form_post(scene.authorize_url(), *arguments)


@pytest.mark.parametrize("url", [None, object()])
@pytest.mark.parametrize("name", ["sign_in", "sign_in_form_post"])
def test_a_sign_in_needs_the_location_of_a_redirect(scene, name, url):
    """``response.location`` is None if the guard has answered 401, because the test does not look like a browser."""
    with pytest.raises(TypeError, match="pass the Location of a redirect to sign in") as caught:
        getattr(scene.browser, name)(url, "ada@tenant.test")
    assert "without Accept: text/html a guard answers 401" in str(caught.value)


def test_a_sign_in_error_has_the_page(scene):
    with pytest.raises(SignInError, match="AADSTS50011") as caught:
        scene.browser.sign_in(scene.authorize_url(redirect_uri="https://evil.test/"), "ada@tenant.test", "x")
    assert caught.value.page.status == 400


def test_the_repr_has_no_cookie(scene):
    scene.sign_in()
    shown = repr(scene.browser) + repr(scene.browser.open(scene.authorize_url(prompt="login")))
    assert not any(value in shown for value in scene.browser.cookies.values())
