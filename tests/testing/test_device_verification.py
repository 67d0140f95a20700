"""The device verification page."""

from __future__ import annotations

import pytest

from webidentity.testing import SignInError, TenantBrowser

PASSWORDS = {"ada@tenant.test": "ada-password", "grace@tenant.test": "grace-password"}


@pytest.fixture
def device(scene):
    return scene.device()


def enter(scene, device, username="ada@tenant.test", **answers):
    return scene.browser.enter_device_code(
        device["verification_uri"], device["user_code"], username, PASSWORDS[username], **answers
    )


def to_sign_in(scene, device):
    page = scene.browser.open(device["verification_uri"])
    return scene.browser.submit(page, page.form("enter_code"), user_code=device["user_code"])


def to_confirmation(scene, device):
    page = to_sign_in(scene, device)
    return scene.browser.submit(page, page.form("sign_in"), username="ada@tenant.test", password="ada-password")


def test_code_sign_in_confirmation_consent(scene, device):
    page = to_sign_in(scene, device)
    assert page.title == "Sign in"
    assert "Native" in page.text
    page = scene.browser.submit(page, page.form("sign_in"), username="ada@tenant.test", password="ada-password")
    assert device["user_code"] in page.text
    assert "Are you trying to sign in to Native" in page.text
    assert scene.poll(device)[1]["error"] == "authorization_pending", "nothing is approved before the last page"
    page = scene.browser.submit(page, page.form("confirm"), ("answer", "continue"))
    assert "Read your files" in page.text
    assert scene.poll(device)[1]["error"] == "authorization_pending"
    page = scene.browser.submit(page, page.form("consent"), ("answer", "accept"))
    assert page.title == "You have signed in"
    assert "close this window" in page.text
    assert not page.forms
    assert scene.poll(device)[0] == 200


def test_known_consent_shows_no_consent_page(scene, device):
    enter(scene, device)
    again = scene.device()
    page = scene.browser.open(again["verification_uri"])
    page = scene.browser.submit(page, page.form("enter_code"), user_code=again["user_code"])
    page = scene.browser.submit(page, page.form("pick_account"), ("account", scene.ada.object_id))
    page = scene.browser.submit(page, page.form("confirm"), ("answer", "continue"))
    assert page.title == "You have signed in"
    assert scene.claims(scene.poll(again)[1]["access_token"])["oid"] == scene.ada.object_id


def test_another_account_is_signed_in(scene, device):
    enter(scene, device)
    again = scene.device()
    enter(scene, again, "grace@tenant.test")
    assert scene.claims(scene.poll(again)[1]["access_token"])["oid"] == scene.grace.object_id


def test_an_account_is_picked_among_two(scene, device):
    enter(scene, device)
    enter(scene, scene.device(), "grace@tenant.test")
    again = scene.device()
    page = to_sign_in(scene, again)
    page = scene.browser.submit(page, page.form("pick_account"), ("account", scene.ada.object_id))
    scene.browser.submit(page, page.form("confirm"), ("answer", "continue"))
    assert scene.claims(scene.poll(again)[1]["access_token"])["oid"] == scene.ada.object_id


@pytest.mark.parametrize("typed", ["lower", "dashes"])
def test_the_code_is_accepted_in_any_spelling(scene, device, typed):
    code = device["user_code"]
    text = {"lower": f" {code.lower()} ", "dashes": f"{code[:3]}-{code[3:6]} {code[6:]}"}[typed]
    page = scene.browser.open(device["verification_uri"])
    assert scene.browser.submit(page, page.form("enter_code"), user_code=text).form("sign_in")


@pytest.mark.parametrize("name", ["user_code", "otc"])
def test_a_code_from_the_link_must_be_submitted(scene, device, name):
    page = scene.browser.open(f"{device['verification_uri']}?{name}={device['user_code']}")
    form = page.form("enter_code")
    assert form.fields["user_code"] == device["user_code"]
    assert scene.browser.submit(page, form).form("sign_in")


class TestDeclined:
    """The user declines or cancels."""

    @pytest.mark.parametrize("answers", [{"approve": False}, {"consent": False}])
    def test_declined(self, scene, device, answers):
        page = enter(scene, device, **answers)
        assert page.title == "You declined the sign-in"
        assert "no access" in page.text
        assert scene.poll(device)[1]["error"] == "authorization_declined"

    def test_cancelled_before_the_sign_in(self, scene, device):
        page = to_sign_in(scene, device)
        assert scene.browser.submit(page, page.form("cancel")).title == "You declined the sign-in"
        assert scene.poll(device)[1]["error"] == "authorization_declined"


class TestMistakes:
    """Errors say what to do."""

    def test_a_wrong_code(self, scene):
        page = scene.browser.open("https://login.tenant.test/devicelogin")
        page = scene.browser.submit(page, page.form("enter_code"), user_code="BCDFGHJKL")
        assert "start the sign-in on your device again" in page.text
        assert page.form("enter_code").fields["user_code"] == "BCDFGHJKL"

    def test_an_expired_code(self, scene, device):
        scene.clock.move(900)
        page = to_sign_in(scene, device)
        assert "This code has expired. Start the sign-in on your device again" in page.text

    def test_a_code_that_expires_during_the_sign_in(self, scene, device):
        page = to_confirmation(scene, device)
        scene.clock.move(900)
        page = scene.browser.submit(page, page.form("confirm"), ("answer", "continue"))
        assert "has expired" in page.text

    def test_a_code_that_was_used(self, scene, device):
        enter(scene, device)
        assert "already used" in to_sign_in(scene, device).text

    @pytest.mark.parametrize(
        ("username", "password", "code"),
        [("ada@tenant.test", "wrong", "AADSTS50126"), ("unknown@tenant.test", "x", "AADSTS50034")],
    )
    def test_a_wrong_password(self, scene, device, username, password, code):
        with pytest.raises(SignInError, match=code):
            scene.browser.enter_device_code(device["verification_uri"], device["user_code"], username, password)
        assert scene.poll(device)[1]["error"] == "authorization_pending"

    def test_another_browser_cannot_submit_the_form(self, scene, device):
        page = to_confirmation(scene, device)
        stranger = TenantBrowser(scene.tenant)
        refused = stranger.submit(page, page.form("confirm"), ("answer", "continue"))
        assert "AADSTS50089" in refused.text
        assert scene.poll(device)[1]["error"] == "authorization_pending"

    def test_a_form_is_bound_to_its_code(self, scene, device):
        page = to_confirmation(scene, device)
        other = scene.device()
        form = page.form("confirm")
        form.action = form.action.replace(device["user_code"], other["user_code"])
        assert "AADSTS50089" in scene.browser.submit(page, form, ("answer", "continue")).text
        assert scene.poll(other)[1]["error"] == "authorization_pending"

    def test_a_confirmation_is_bound_to_its_account(self, scene, device):
        page = to_confirmation(scene, device)
        enter(scene, scene.device(), "grace@tenant.test")
        assert "AADSTS50089" in scene.browser.submit(page, page.form("confirm"), ("answer", "continue")).text

    def test_the_confirmation_cannot_be_skipped(self, scene, device):
        page = to_confirmation(scene, device)
        form = page.form("confirm")
        form.fields["step"] = "consent"
        assert "AADSTS50089" in scene.browser.submit(page, form, ("answer", "accept")).text

    def test_a_revoked_user_signs_in_again(self, scene, device):
        page = to_confirmation(scene, device)
        scene.tenant.revoke(scene.ada)
        page = scene.browser.submit(page, page.form("confirm"), ("answer", "continue"))
        assert page.title == "We couldn't sign you in", "the form was for an account that is signed in no more"


def test_required_claims_need_a_new_sign_in(scene, device):
    enter(scene, device)
    step_up = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
    again = scene.device(claims=step_up)
    page = to_sign_in(scene, again)
    page = scene.browser.submit(page, page.form("pick_account"), ("account", scene.ada.object_id))
    assert page.form("sign_in").fields["username"] == "ada@tenant.test"


def test_the_pages_post_to_their_own_origin_only(scene, device):
    scene.tenant.show_users = True
    nasty = "<script>alert('x')</script>"
    app = scene.tenant.add_app(nasty, public_client=True)
    device = scene.device(client=app)
    pages = [scene.browser.open(f"{device['verification_uri']}?user_code=%3Cscript%3E")]
    pages.append(to_sign_in(scene, device))
    pages.append(to_confirmation(scene, device))
    pages.append(scene.browser.submit(pages[-1], pages[-1].form("confirm"), ("answer", "continue")))
    pages.append(scene.browser.submit(pages[-1], pages[-1].form("consent"), ("answer", "accept")))
    for page in pages:
        assert "<script" not in page.html
    assert nasty in pages[-1].text
    response = scene.send("GET", device["verification_uri"])
    policy = response.header("Content-Security-Policy")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in response.header("Cache-Control")
    assert "HttpOnly" in response.header("Set-Cookie")
