"""The pages are escaped and self-contained, and cannot be framed or stored."""

from __future__ import annotations

import pytest

NASTY = "<script>alert('x')</script>\"&"


@pytest.fixture
def pages(scene):
    web = scene.tenant.add_app(NASTY, secrets=["s"], redirect_uris=[scene.callback])
    api = scene.tenant.add_app("Nasty API", identifier_uri="api://nasty", scopes={"Do": NASTY})
    scene.tenant.add_user("nasty@tenant.test", password="p", name=NASTY)
    scene.tenant.show_users = True
    changes = {"client_id": web.client_id, "scope": f"openid {api.identifier_uri}/Do", "login_hint": NASTY}
    sign_in = scene.browser.open(scene.authorize_url(**changes))
    consent = scene.browser.submit(sign_in, sign_in.form("sign_in"), username="nasty@tenant.test", password="p")
    picker = scene.browser.open(scene.authorize_url(**{**changes, "prompt": "select_account"}))
    wrong = scene.browser.submit(sign_in, sign_in.form("sign_in"), username=NASTY, password="p")
    refused = scene.browser.open(scene.authorize_url(redirect_uri=NASTY))
    form_post = scene.browser.open(scene.authorize_url(response_mode="form_post", prompt="none", state=NASTY))
    return {
        "sign-in": sign_in,
        "consent": consent,
        "picker": picker,
        "wrong": wrong,
        "refused": refused,
        "form-post": form_post,
    }


def test_every_value_is_escaped(pages):
    for name, page in pages.items():
        assert "<script>alert" not in page.html, name
        assert page.status in (200, 400), name
    for name in ("sign-in", "consent", "picker", "refused"):
        assert NASTY in pages[name].text, name


def test_every_page_is_labelled_and_self_contained(pages):
    for page in pages.values():
        assert "Local tenant, for development" in page.text
        assert page.html.count("<style") == 1
        assert "<link" not in page.html
        assert "src=" not in page.html


def test_headers(scene):
    response = scene.send("GET", scene.authorize_url())
    headers = dict(response.headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'<style nonce="{nonce}">' in response.body.decode()
    assert "script-src" not in policy
    assert "form-action" not in policy, "the redirect that answers the form leads to another origin"


def test_only_the_form_post_page_has_a_script(scene):
    url = scene.authorize_url(response_mode="form_post", prompt="none")
    response = scene.send("GET", url)
    policy = response.header("Content-Security-Policy")
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">document.forms[0].submit()</script>' in response.body.decode()


def test_final_pages_allow_no_form(scene):
    response = scene.send("GET", f"{scene.tenant.tenant_url}/oauth2/v2.0/logout")
    assert "form-action 'none'" in response.header("Content-Security-Policy")


def test_redirects_are_not_stored(scene):
    response = scene.send("GET", scene.authorize_url(prompt="none"))
    assert response.header("Cache-Control") == "no-store"
    assert response.header("Referrer-Policy") == "no-referrer"


def test_the_base_url_shows_the_tenant_and_its_users(scene) -> None:
    """It shows the tenant id and the usernames, but no password."""
    response = scene.send("GET", scene.tenant.base_url + "/")
    assert response.status == 200
    assert scene.tenant.tenant_id in response.body.decode()
    assert "password" not in response.body.decode().lower()
