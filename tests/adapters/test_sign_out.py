"""Signing out: here first, then at the authority (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.account_change import kept_for
from tests.kit.clock import Clock
from tests.kit.failing_store import FailingStore, in_a_sweep
from tests.kit.http_browser import FETCH
from tests.kit.request_facts import facts
from tests.kit.sites import MakeSite, Site
from tests.kit.world import SECRET_KEY
from webidentity import web
from webidentity.cache._memory import MemoryStore
from webidentity.web import Routes, Settings


def test_a_get_shows_a_button_and_ends_no_session(site: Site) -> None:
    """An image or a link of another site must not end it."""
    browser = site.browser()
    browser.sign_in()
    page = browser.get("/auth/sign-out", {"Sec-Fetch-Site": "cross-site"})
    assert page.status == 200
    assert '<form method="post" action="/auth/sign-out"><button' in page.text
    # With no-referrer, browsers would send "Origin: null" for that button.
    assert page.header("Referrer-Policy") == "same-origin"
    assert browser.get("/me").status == 200


def test_a_post_ends_the_session_here_and_at_the_authority(site: Site) -> None:
    """The redirection contains the opaque login_hint of the user, and a registered return URL."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/remember?what=a-diary")
    out = browser.post("/auth/sign-out")
    assert out.status == 200
    tenant = site.world.tenant
    assert out.location.startswith(f"{tenant.base_url}/{tenant.tenant_id}/oauth2/v2.0/logout?")
    assert set(out.query) == {"client_id", "post_logout_redirect_uri", "logout_hint"}
    assert out.query["client_id"] == site.world.web.client_id
    assert out.query["post_logout_redirect_uri"] == "https://app.test/"
    assert "ada" not in out.query["logout_hint"]
    assert browser.session() == {}
    assert browser.get("/me").status == 302
    assert browser.tenant.logout(out.location).location == "https://app.test/"
    assert browser.tenant.open(browser.get("/me").location).form("sign_in"), "the authority asks for a password again"


def test_the_return_address_is_a_setting_and_not_a_parameter(build: MakeSite) -> None:
    """The parameters of a request do not change the return address."""
    site = build(settings={"after_sign_out": "/goodbye"})
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    out = browser.post(
        "/auth/sign-out?next=//evil.test&post_logout_redirect_uri=https://evil.test",
        {"next": "//evil.test", "post_logout_redirect_uri": "https://evil.test"},
    )
    assert out.query["post_logout_redirect_uri"] == "https://app.test/goodbye"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": "http://app.test"},
        {"Sec-Fetch-Site": "", "Origin": "https://app.test.evil.test"},
        {"Sec-Fetch-Site": "", "Origin": "https://app.test:8443"},
    ],
)
@pytest.mark.parametrize("path", ["/auth/sign-out", "/change", "/files"])
def test_a_post_of_another_site_is_refused(site: Site, path: str, headers: dict[str, str]) -> None:
    """The browser sends the cookie without the user's intent."""
    browser = site.browser()
    browser.sign_in(path="/files")
    refused = browser.post(path, headers=headers)
    assert refused.status == 403
    assert browser.get("/me").status == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "", "Origin": ""}])
def test_a_post_of_this_site_is_accepted(site: Site, headers: dict[str, str]) -> None:
    """The site accepts its own POST with Fetch Metadata, with Origin alone, and with neither."""
    browser = site.browser()
    browser.sign_in(path="/files")
    assert browser.post("/change", headers=headers).text == "changed"
    assert browser.post("/files", headers=headers).status == 200
    assert browser.post("/auth/sign-out", headers=headers).status == 200
    assert browser.get("/me").status == 302


def test_a_copied_cookie_is_useless_after_sign_out(site: Site) -> None:
    """A copied cookie is useless even if the session is a signed cookie, which cannot be revoked."""
    browser = site.browser()
    browser.sign_in(path="/files")
    thief = site.browser()
    thief.jar = dict(browser.jar)
    assert thief.get("/me").text == "ada@tenant.test"
    browser.post("/auth/sign-out")
    for path in ("/me", "/files", "/async/files"):
        assert thief.get(path).status == 302
    assert thief.get("/open").text == "anonymous"


def test_the_tokens_are_removed_with_the_last_session(site: Site, tmp_path: Path) -> None:
    """The store then contains no refresh token."""
    desk, phone = site.browser(), site.browser()
    desk.sign_in(path="/files")
    phone.sign_in(path="/files")
    desk.post("/auth/sign-out")
    assert kept_for(site, tmp_path), "the other session needs it"
    phone.post("/auth/sign-out")
    assert kept_for(site, tmp_path) is None


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_a_token_that_arrives_after_the_last_sign_out_is_not_kept(
    site: Site, tmp_path: Path, clock: Clock, path: str
) -> None:
    """Another process ends the user's last session while a page waits for the authority."""
    browser = site.browser()
    browser.sign_in(path="/files")
    session = browser.session()["webidentity"]
    settings = Settings(**site.world.settings, cache_path=str(tmp_path / "tokens.sqlite3"))
    other = web.Site(settings, secret_keys=[SECRET_KEY], folder=tmp_path, routes=Routes)
    ended = []

    def sign_out(_: object) -> None:
        ended.append(other.run(other.sign_out(facts("/auth/sign-out", method="POST"), session)).session)

    clock.advance(4000)
    site.world.transport.tamper = sign_out
    assert browser.get(path).status == 200
    site.world.transport.tamper = None
    assert ended == ["end"]
    assert kept_for(site, tmp_path) is None
    assert browser.get("/open").text == "anonymous"


class StoreWithPauses(MemoryStore):
    """A store that calls a function after one of its writes, counted from the moment when it is set."""

    pause: tuple[int, Callable[[], object]] | None = None

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        version = super().save(key, value, expected=expected, expires_at=expires_at)
        if self.pause is not None and not in_a_sweep():
            left, function = self.pause
            self.pause = (left - 1, function) if left > 1 else None
            if left == 1:
                function()
        return version


@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_sign_out_in_another_browser_leaves_a_new_sign_in_its_tokens(
    build: MakeSite, tmp_path: Path, write: int
) -> None:
    """Whenever it happens: the new session and its tokens are stored by one write."""
    store = StoreWithPauses()
    site = build(store=store)
    site.world.consent()
    desk, phone = site.browser(), site.browser()
    desk.sign_in(path="/files")
    session = desk.session()["webidentity"]
    settings = Settings(**site.world.settings)
    other = web.Site(settings, secret_keys=[SECRET_KEY], folder=tmp_path, routes=Routes, store=store)
    back = phone.authorize(phone.get("/files"))
    store.pause = write, lambda: other.run(other.sign_out(facts("/auth/sign-out", method="POST"), session))
    reply = phone.get(back)
    store.pause = None
    site.world.transport.is_cut = True
    assert phone.get(reply.location).status == 200


def test_a_sign_out_that_cannot_be_stored_is_no_success(build: MakeSite) -> None:
    """The session stays, so that the user can try again. A copied cookie would work after a success."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    thief = site.browser()
    thief.jar = dict(browser.jar)
    store.refuses_writes = True
    page = browser.post("/auth/sign-out")
    assert (page.status, page.header("Retry-After")) == (503, "10")
    assert "<h1>You are still signed in</h1>" in page.text
    assert '<form method="post" action="/auth/sign-out"><button' in page.text
    assert page.header("Referrer-Policy") == "same-origin"
    assert page.location == ""
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.post("/auth/sign-out", headers=FETCH).json["error"] == "temporarily_unavailable"
    store.refuses_writes = False
    assert browser.post("/auth/sign-out").status == 200
    assert thief.get("/me").status == 302


def test_signing_out_works_when_the_tenant_cannot_be_reached(site: Site, clock: Clock) -> None:
    """The session ends here in any case."""
    browser = site.browser()
    browser.sign_in()
    site.world.transport.is_cut = True
    clock.advance(3700)
    assert browser.post("/auth/sign-out").status == 200
    assert browser.get("/open").text == "anonymous"


def test_signing_out_twice_does_no_harm(site: Site) -> None:
    """The second request has no session."""
    browser = site.browser()
    browser.sign_in()
    assert browser.post("/auth/sign-out").status == 200
    again = browser.post("/auth/sign-out")
    assert again.status == 200
    assert "logout_hint" not in again.query


def test_other_methods_are_refused(site: Site) -> None:
    """The response lists the accepted methods."""
    browser = site.browser()
    browser.sign_in()
    reply = browser.get("/auth/sign-out", method="DELETE")
    assert reply.status == 405
    assert "POST" in reply.header("Allow")
    assert browser.get("/me").status == 200


@pytest.mark.parametrize("path", ["/auth/sign-out", "/change"])
def test_a_form_that_leads_to_the_authority_is_answered_by_a_page(site: Site, path: str) -> None:
    """Under the policy ``form-action 'self'`` browsers refuse a redirection to another site.

    The page is valid under any policy, and the URL, which may contain a state, is not in its text. Programs are
    redirected.
    """
    browser = site.browser()
    reply = browser.post(path)
    assert reply.status == 200
    assert reply.header("Location") == ""
    assert reply.header("Refresh").startswith(f"0;url={site.world.tenant.base_url}/")
    for banned in ("<script", "<style", "style=", "http-equiv", site.world.tenant.base_url):
        assert banned not in reply.text
    assert reply.header("Cache-Control") == "no-store"
    if path == "/auth/sign-out":
        program = site.call("POST", f"https://app.test{path}", {"Accept": "*/*"})
        assert (program.status, program.header("Refresh")) == (303, "")
