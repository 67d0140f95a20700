"""Consent: the page, the record and the errors."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit


def consent_page(scene, **changes):
    page = scene.browser.open(scene.authorize_url(**changes))
    if form := page.form("sign_in"):
        page = scene.browser.submit(page, form, username="ada@tenant.test", password="ada-password")
    return page


def test_the_page_shows_the_app_and_each_scope(scene):
    text = consent_page(scene, scope=f"openid offline_access {scene.files_read} User.Read").text
    assert "Files Web would like to:" in text
    for line in (
        f"Read your files {scene.files_read}",
        "Read your profile https://graph.microsoft.com/User.Read",
        "Sign you in openid",
        "Maintain access to data you have given it access to offline_access",
    ):
        assert line in text


def test_declining_sends_an_error_and_records_nothing(scene):
    fields = scene.sign_in(consent=False)
    assert fields["error"] == "access_denied"
    assert fields["state"] == "the-state"
    assert "AADSTS65004" in fields["error_description"]
    assert consent_page(scene).title == "Permissions requested"


def test_consent_is_remembered_for_user_client_and_resource(scene):
    scene.sign_in()
    assert consent_page(scene).location
    text = consent_page(scene, scope=f"openid {scene.files_read} User.Read").text
    assert "User.Read" in text
    assert "Files.Read" not in text
    page = scene.browser.open(scene.authorize_url(login_hint="grace@tenant.test"))
    page = scene.browser.submit(page, page.form("sign_in"), username="grace@tenant.test", password="grace-password")
    assert page.title == "Permissions requested"


def test_consent_granted_in_code_shows_no_page(scene):
    scene.tenant.grant_consent(scene.ada, scene.web, scene.api, [scene.files_read])
    assert consent_page(scene).location


def test_an_administrator_consents_for_everyone(scene):
    scene.tenant.grant_admin_consent(scene.web, scene.api, ["Files.Read"])
    assert consent_page(scene).location


def test_prompt_none_without_consent(scene):
    consent_page(scene)
    page = scene.browser.open(scene.authorize_url(prompt="none"))
    fields = dict(parse_qsl(urlsplit(page.location).query))
    assert fields["error"] == "consent_required"
    assert "AADSTS65001" in fields["error_description"]


def test_default_requests_every_published_scope(scene):
    scope = f"openid {scene.api.identifier_uri}/.default"
    text = consent_page(scene, scope=scope).text
    assert "Files.Read" in text
    assert "Files.Write" in text
    _, reply = scene.redeem(scene.code(scope=scope))
    assert scene.claims(reply["access_token"])["scp"] == "Files.Read Files.Write"


def test_a_code_redeemed_without_a_scope_is_for_the_first_resource(scene):
    reply = scene.tokens(scope=f"openid {scene.files_read} User.Read")
    assert scene.claims(reply["access_token"])["aud"] == scene.api.client_id


def test_graph_default_after_a_plain_sign_in(scene):
    code = scene.code(scope="openid profile")
    _, reply = scene.redeem(code, scope="https://graph.microsoft.com/.default")
    assert scene.claims(reply["access_token"])["scp"] == "openid profile"


def test_the_consent_form_of_an_old_session_is_refused(scene):
    page = consent_page(scene)
    scene.tenant.revoke(scene.ada)
    after = scene.browser.submit(page, page.form("consent"), ("answer", "accept"))
    assert after.location is None
