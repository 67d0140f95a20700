"""The authorization endpoint: checks, pages, responses and single sign-on."""

from __future__ import annotations

import pytest

from webidentity.testing import SignInError, TenantBrowser


def fields_of(url):
    from urllib.parse import parse_qsl, urlsplit

    parts = urlsplit(url)
    return dict(parse_qsl(parts.query or parts.fragment))


class TestBeforeTheRedirectUriIsTrusted:
    """Errors are shown on a page, never redirected."""

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"client_id": "33333333-3333-4333-8333-333333333333"}, "AADSTS700016"),
            ({"client_id": None}, "AADSTS900144"),
            ({"redirect_uri": None}, "AADSTS900144"),
            ({"redirect_uri": "https://evil.test/callback"}, "AADSTS50011"),
            ({"redirect_uri": "https://app.test/callback/"}, "AADSTS50011"),
            ({"redirect_uri": "https://app.test/callback?x=1"}, "AADSTS50011"),
            ({"redirect_uri": "https://app.test:443/callback"}, "AADSTS50011"),
            ({"redirect_uri": "https://APP.test/callback"}, "AADSTS50011"),
            ({"redirect_uri": "//app.test/callback"}, "AADSTS50011"),
        ],
    )
    def test_errors_are_shown_on_a_page(self, scene, changes, code):
        page = scene.browser.open(scene.authorize_url(**changes))
        assert page.status == 400
        assert page.location is None
        assert code in page.text

    def test_a_repeated_parameter_is_refused(self, scene):
        page = scene.browser.open(scene.authorize_url() + "&redirect_uri=https%3A%2F%2Fevil.test")
        assert (page.status, page.location) == (400, None)

    def test_another_tenant_is_refused(self, scene):
        page = scene.browser.open(scene.authorize_url().replace(scene.tenant.tenant_id, "other.test"))
        assert "AADSTS90002" in page.text

    def test_a_confidential_client_must_use_its_registered_port(self, scene):
        web = scene.tenant.add_app("Local web", secrets=["s"], redirect_uris=["http://localhost"])
        url = scene.authorize_url(client_id=web.client_id, redirect_uri="http://localhost:8400")
        assert "AADSTS50011" in scene.browser.open(url).text

    def test_the_page_says_how_another_port_is_registered(self, scene):
        web = scene.tenant.add_site("http://localhost:5000").app
        url = scene.authorize_url(client_id=web.client_id, redirect_uri="http://localhost:5001/auth/callback")
        text = scene.browser.open(url).text
        assert "webidentity tenant --app-port 5001" in text
        assert 'add_site("http://localhost:5001")' in text

    @pytest.mark.parametrize("uri", ["http://localhost:5000/login/callback", "https://app.test/a?<b>", "http://[::1"])
    def test_the_page_lists_the_redirect_uris_that_are_registered(self, scene, uri):
        web = scene.tenant.add_site("http://localhost:5000").app
        text = scene.browser.open(scene.authorize_url(client_id=web.client_id, redirect_uri=uri)).text
        assert "http://localhost:5000/auth/callback" in text
        assert "redirect_uris=[...]" in text
        assert "--app-port" not in text

    @pytest.mark.parametrize(
        "uri",
        ["https://localhost:1", "http://localhost.evil.test:1", "http://a@localhost:1", "http://[", "http://[::1"],
    )
    def test_a_public_client_may_use_any_port_on_localhost_only(self, scene, uri):
        url = scene.authorize_url(client_id=scene.public.client_id, redirect_uri=uri)
        assert "AADSTS50011" in scene.browser.open(url).text


class TestErrorsAtTheApp:
    """Once the redirect URI is trusted, errors are sent there with the state."""

    @pytest.mark.parametrize(
        ("changes", "error", "code"),
        [
            ({"response_type": "token"}, "unsupported_response_type", "AADSTS700054"),
            ({"response_type": None}, "invalid_request", "AADSTS900144"),
            ({"response_mode": "web_message"}, "invalid_request", "AADSTS90023"),
            ({"prompt": "login none"}, "invalid_request", "AADSTS90023"),
            ({"scope": None}, "invalid_request", "AADSTS900144"),
            ({"scope": "openid Nope"}, "invalid_client", "AADSTS650053"),
            ({"scope": "api://unknown/x"}, "invalid_resource", "AADSTS500011"),
            ({"code_challenge": "x", "code_challenge_method": "S512"}, "invalid_request", "AADSTS9002313"),
            ({"code_challenge_method": "S256"}, "invalid_request", "AADSTS900144"),
            ({"max_age": "soon"}, "invalid_request", "AADSTS9002313"),
            ({"prompt": "none"}, "login_required", "AADSTS50058"),
        ],
    )
    def test_errors_are_sent_to_the_redirect_uri(self, scene, changes, error, code):
        location = scene.browser.open(scene.authorize_url(**changes)).location
        assert location.startswith(scene.callback + "?")
        fields = fields_of(location)
        assert (fields["error"], fields["state"]) == (error, "the-state")
        assert fields["error_description"].startswith(code)
        assert "code" not in fields


class TestResponseModes:
    """Where code, state and session_state go."""

    def test_query(self, scene):
        assert scene.sign_in().keys() == {"code", "session_state", "state"}

    def test_state_is_optional_and_echoed_as_it_was(self, scene):
        assert "state" not in scene.sign_in(state=None)
        assert scene.sign_in(state="a b&c=d#é")["state"] == "a b&c=d#é"

    def test_a_query_of_the_redirect_uri_is_kept(self, scene):
        web = scene.tenant.add_app("Other", secrets=["s"], redirect_uris=["https://app.test/cb?tenant=1"])
        fields = scene.sign_in(client_id=web.client_id, redirect_uri="https://app.test/cb?tenant=1")
        assert fields["tenant"] == "1"
        assert "code" in fields

    def test_fragment(self, scene):
        url = scene.browser.sign_in(scene.authorize_url(response_mode="fragment"), "ada@tenant.test", "ada-password")
        assert url.startswith(scene.callback + "#code=")

    def test_form_post(self, scene):
        url = scene.authorize_url(response_mode="form_post", state='"><script>')
        post = scene.browser.sign_in_form_post(url, "ada@tenant.test", "ada-password")
        assert post.url == scene.callback
        assert post.fields.keys() == {"code", "session_state", "state"}
        assert post.fields["state"] == '"><script>'
        assert scene.redeem(post.fields["code"])[0] == 200

    def test_form_post_of_an_error(self, scene):
        page = scene.browser.open(scene.authorize_url(response_mode="form_post", prompt="none"))
        assert page.form_post.fields["error"] == "login_required"

    def test_client_info(self, scene):
        assert "client_info" in scene.sign_in(client_info="1")

    def test_a_form_is_answered_with_303(self, scene):
        page = scene.browser.open(scene.authorize_url())
        consent = scene.browser.submit(page, page.form("sign_in"), username="ada@tenant.test", password="ada-password")
        assert scene.browser.submit(consent, consent.form("consent"), ("answer", "accept")).status == 303
        assert scene.browser.open(scene.authorize_url()).status == 302


class TestSignIn:
    """The page with a username and a password."""

    def submit(self, scene, **fields):
        page = scene.browser.open(scene.authorize_url())
        return scene.browser.submit(page, page.form("sign_in"), **fields)

    def test_a_wrong_password(self, scene):
        page = self.submit(scene, username="ada@tenant.test", password="guess")
        assert "AADSTS50126" in page.text
        assert 'value="ada@tenant.test"' in page.html
        assert "guess" not in page.html

    def test_an_unknown_user(self, scene):
        assert "AADSTS50034" in self.submit(scene, username="eve@tenant.test", password="x").text

    def test_usernames_ignore_case(self, scene):
        assert self.submit(scene, username="ADA@tenant.test", password="ada-password").title == "Permissions requested"

    def test_cancel(self, scene):
        page = scene.browser.open(scene.authorize_url())
        fields = fields_of(scene.browser.submit(page, page.form("cancel")).location)
        assert fields["error"] == "access_denied"
        assert "AADSTS65004" in fields["error_description"]

    @pytest.mark.parametrize("token", ["", "0" * 64, "é"])
    def test_a_form_without_its_token(self, scene, token):
        page = self.submit(scene, username="ada@tenant.test", password="ada-password", anti_forgery=token)
        assert "AADSTS50089" in page.text
        assert page.location is None

    def test_a_form_of_another_browser(self, scene):
        page = scene.browser.open(scene.authorize_url())
        thief = TenantBrowser(scene.tenant)
        stolen = thief.submit(page, page.form("sign_in"), username="ada@tenant.test", password="ada-password")
        assert "AADSTS50089" in stolen.text

    def test_a_form_of_another_request(self, scene):
        page = scene.browser.open(scene.authorize_url())
        form = page.form("sign_in")
        form.action = scene.authorize_url(scope="User.Read")
        assert "AADSTS50089" in scene.browser.submit(page, form, username="ada@tenant.test", password="x").text

    def test_the_hint_is_filled_in(self, scene):
        html = scene.browser.open(scene.authorize_url(login_hint="grace@tenant.test")).html
        assert 'value="grace@tenant.test"' in html

    def test_the_login_hint_claim_is_a_hint(self, scene):
        hint = scene.claims(scene.tokens()["id_token"])["login_hint"]
        page = TenantBrowser(scene.tenant).open(scene.authorize_url(login_hint=hint))
        assert 'value="ada@tenant.test"' in page.html

    def test_users_are_listed_only_with_show_users(self, scene):
        assert "ada-password" not in scene.browser.open(scene.authorize_url()).html
        scene.tenant.show_users = True
        page = scene.browser.open(scene.authorize_url())
        assert "grace@tenant.test" in page.text
        forms = [form for form in page.forms if form.fields.get("username") == "grace@tenant.test"]
        assert scene.browser.submit(page, forms[0]).title == "Permissions requested"


class TestSingleSignOn:
    """The session of the browser."""

    def test_no_prompt_is_silent(self, scene):
        first = scene.sign_in()
        page = scene.browser.open(scene.authorize_url())
        second = fields_of(page.location)
        assert second["code"] != first["code"]
        assert second["session_state"] == first["session_state"]

    def test_prompt_none_is_silent(self, scene):
        scene.sign_in()
        assert "code" in fields_of(scene.browser.open(scene.authorize_url(prompt="none")).location)

    def test_prompt_login_asks_again(self, scene):
        scene.sign_in()
        assert scene.browser.open(scene.authorize_url(prompt="login")).title == "Sign in"

    def test_prompt_consent_asks_again(self, scene):
        scene.sign_in()
        page = scene.browser.open(scene.authorize_url(prompt="consent"))
        assert page.title == "Permissions requested"
        assert "code" in fields_of(scene.browser.submit(page, page.form("consent"), ("answer", "accept")).location)

    def test_an_old_sign_in_does_not_satisfy_max_age(self, scene):
        scene.sign_in()
        scene.clock.move(61)
        assert scene.browser.open(scene.authorize_url(max_age="60")).title == "Sign in"
        assert scene.browser.open(scene.authorize_url(max_age="0")).title == "Sign in"
        assert scene.browser.open(scene.authorize_url(max_age="61")).location

    def test_a_hint_for_another_user_shows_the_sign_in_page(self, scene):
        scene.sign_in()
        page = scene.browser.open(scene.authorize_url(login_hint="grace@tenant.test"))
        assert page.title == "Sign in"
        assert scene.browser.open(scene.authorize_url(login_hint="ada@tenant.test")).location

    def test_the_account_picker(self, scene):
        scene.sign_in()
        page = scene.browser.open(scene.authorize_url(prompt="select_account"))
        assert page.title == "Pick an account"
        assert "Use another account" in page.text
        picked = scene.browser.submit(page, page.form("pick_account"), ("account", scene.ada.object_id))
        assert "code" in fields_of(picked.location)
        other = scene.browser.submit(page, page.form("pick_account"), ("account", ""))
        assert other.title == "Sign in"

    def test_two_accounts_in_one_browser(self, scene):
        scene.sign_in()
        url = scene.authorize_url(prompt="select_account")
        code = fields_of(scene.browser.sign_in(url, "grace@tenant.test", "grace-password"))["code"]
        assert scene.claims(scene.redeem(code)[1]["access_token"])["oid"] == scene.grace.object_id
        assert scene.browser.open(scene.authorize_url()).title == "Pick an account"
        assert fields_of(scene.browser.open(scene.authorize_url(prompt="none")).location)["error"] == (
            "interaction_required"
        )
        code = scene.code()
        assert scene.claims(scene.redeem(code)[1]["access_token"])["oid"] == scene.ada.object_id

    def test_the_session_id_changes_at_each_sign_in(self, scene):
        seen = set()
        for _ in range(2):
            scene.sign_in(prompt="login")
            seen.add(next(value for name, value in scene.browser.cookies.items() if "session" in name))
        assert len(seen) == 2

    def test_a_planted_session_id_is_not_taken_over(self, scene):
        name = f"localtenant-session-{scene.tenant.tenant_id[:8]}"
        scene.browser.cookies[name] = "planted"
        scene.sign_in()
        assert scene.browser.cookies[name] != "planted"

    def test_revoking_ends_the_session(self, scene):
        scene.sign_in()
        scene.tenant.revoke(scene.ada)
        assert scene.browser.open(scene.authorize_url()).title == "Sign in"

    def test_cookies_are_http_only_and_same_site(self, scene):
        response = scene.send("GET", scene.authorize_url())
        cookies = [value for name, value in response.headers if name == "Set-Cookie"]
        assert len(cookies) == 2
        assert all("HttpOnly; SameSite=Lax; Secure" in cookie for cookie in cookies)


def test_a_wrong_password_stops_the_scripted_browser(scene):
    with pytest.raises(SignInError, match="AADSTS50126") as caught:
        scene.browser.sign_in(scene.authorize_url(), "ada@tenant.test", "guess")
    assert caught.value.page.title == "Sign in"
