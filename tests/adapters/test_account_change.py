"""A sign-in with another account than the session's."""

from pathlib import Path

import pytest

from tests.kit.account_change import KEEP, SWITCH, kept_for, sign_in_as_grace
from tests.kit.clock import Clock
from tests.kit.failing_store import FailingStore
from tests.kit.http_browser import Browser
from tests.kit.sites import MakeSite, Site


@pytest.fixture
def browser(site: Site) -> Browser:
    """A browser in which ada is signed in."""
    browser = site.browser()
    browser.sign_in()
    browser.get("/remember?what=a-diary")
    return browser


def test_the_user_is_asked(site: Site, browser: Browser) -> None:
    """The page names both accounts and works under any policy. Nothing has changed."""
    page = sign_in_as_grace(site, browser)
    assert page.status == 200
    assert "<h1>Change the account?</h1>" in page.text
    assert page.text.count("ada@tenant.test") == page.text.count("grace@tenant.test") == 2
    assert f'<button formaction="{KEEP}">' in page.text
    assert f'<button formaction="{SWITCH}">' in page.text
    for banned in ("<script", "<style", "style=", "http-equiv"):
        assert banned not in page.text
    assert page.header("Cache-Control") == "no-store"
    assert page.header("Referrer-Policy") == "same-origin", "or browsers send the form with Origin: null"
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.session()["remembered"] == "a-diary"


def test_the_user_may_change_the_account(site: Site, browser: Browser) -> None:
    """The page that the sign-in was for follows. The earlier session is over, and its content is gone."""
    path = f"/files?q={'x' * 1900}"
    sign_in_as_grace(site, browser, path)
    earlier = dict(browser.jar)
    reply = browser.post(SWITCH)
    assert (reply.status, reply.location) == (200, path)
    assert browser.get("/me").text == "grace@tenant.test"
    assert browser.get("/files").json["oid"] == site.world.grace.object_id
    assert "remembered" not in browser.session()
    assert not [name for name in browser.jar if "-account-" in name]
    copied = site.browser()
    copied.jar = earlier
    assert copied.get("/me").status == 302


def test_the_user_may_keep_the_account(site: Site, browser: Browser, tmp_path: Path) -> None:
    """The other account's tokens are removed."""
    sign_in_as_grace(site, browser)
    assert kept_for(site, tmp_path, site.world.grace)
    reply = browser.post(KEEP)
    assert (reply.status, reply.location) == (200, "/")
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.session()["remembered"] == "a-diary"
    assert kept_for(site, tmp_path, site.world.grace) is None
    assert browser.post(SWITCH).status == 400
    assert browser.get("/me").text == "ada@tenant.test"


@pytest.mark.parametrize("path", [KEEP, SWITCH])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "", "Origin": "null"}])
def test_another_site_cannot_decide(site: Site, browser: Browser, path: str, headers: dict[str, str]) -> None:
    """Its form is refused, and the user can still decide."""
    sign_in_as_grace(site, browser)
    assert browser.post(path, headers=headers).status == 403
    assert browser.get("/me").text == "ada@tenant.test"
    assert browser.get(path).status == 400, "a link does not decide"
    assert browser.post(SWITCH).status == 200
    assert browser.get("/me").text == "grace@tenant.test"


def test_a_decision_counts_once_and_for_ten_minutes(site: Site, browser: Browser, clock: Clock) -> None:
    """Also if the browser keeps the cookie."""
    sign_in_as_grace(site, browser)
    copied = dict(browser.jar)
    clock.advance(601)
    assert browser.post(SWITCH).status == 400
    browser.jar = copied
    assert browser.post(SWITCH).status == 400
    assert browser.get("/me").text == "ada@tenant.test"
    sign_in_as_grace(site, browser)
    cookie = {name: value for name, value in browser.jar.items() if "-account-" in name}
    browser.post(SWITCH)
    browser.jar.update(cookie)
    assert browser.post(SWITCH).status == 400
    assert browser.get("/me").text == "grace@tenant.test"


def test_a_decision_belongs_to_the_session(site: Site, browser: Browser) -> None:
    """It has no effect in another browser, or when the session has ended meanwhile."""
    assert browser.post(SWITCH).status == 400
    sign_in_as_grace(site, browser)
    cookie = {name: value for name, value in browser.jar.items() if "-account-" in name}
    other = site.browser()
    other.sign_in()
    other.jar.update(cookie)
    assert other.post(SWITCH).status == 400
    assert other.get("/me").text == "ada@tenant.test"
    browser.post("/auth/sign-out")
    assert browser.post(SWITCH).status == 400
    assert browser.get("/open").text == "anonymous"


def test_the_same_account_is_not_asked_about(site: Site, browser: Browser) -> None:
    """The user may have to authenticate again, for example."""
    reply = browser.get(browser.authorize(browser.get("/auth/sign-in?next=/files")))
    assert (reply.status, reply.location) == (303, "/files")
    assert browser.session()["remembered"] == "a-diary"


def test_an_ended_session_is_not_asked_about(site: Site, browser: Browser, clock: Clock) -> None:
    """There is no account that changes. The content of the earlier session is removed."""
    clock.advance(9 * 3600)
    assert sign_in_as_grace(site, browser).status == 303
    assert browser.get("/me").text == "grace@tenant.test"
    assert "remembered" not in browser.session()


def test_questions_do_not_end_other_sessions_of_the_account(site: Site, browser: Browser, clock: Clock) -> None:
    """A page of another site can start any number of sign-ins."""
    phone = site.browser()
    phone.sign_in(site.world.grace)
    clock.advance(2)
    for _ in range(51):
        assert sign_in_as_grace(site, browser).status == 200
    assert phone.get("/open").text == "grace@tenant.test"
    assert browser.post(SWITCH).status == 200, "the latest question counts"
    assert browser.get("/me").text == phone.get("/me").text == "grace@tenant.test"


def test_tokens_of_an_undecided_question_expire_with_it(
    site: Site, browser: Browser, tmp_path: Path, clock: Clock
) -> None:
    """The user has left the page."""
    sign_in_as_grace(site, browser)
    assert kept_for(site, tmp_path, site.world.grace)
    clock.advance(3 * 3600)
    site.browser().sign_in()
    assert kept_for(site, tmp_path, site.world.grace) is None


def test_a_confirmed_session_outlives_its_question(site: Site, browser: Browser, clock: Clock) -> None:
    """Its tokens are kept as long as those of any session."""
    sign_in_as_grace(site, browser)
    browser.post(SWITCH)
    clock.advance(3 * 3600)
    site.browser().sign_in()
    assert browser.get("/me").text == "grace@tenant.test"
    assert browser.get("/files").json["oid"] == site.world.grace.object_id


def test_an_open_question_keeps_no_tokens_after_the_sign_out(site: Site, browser: Browser, tmp_path: Path) -> None:
    """The account has signed out of its last session, in another browser. The question is over."""
    sign_in_as_grace(site, browser)
    phone = site.browser()
    phone.sign_in(site.world.grace)
    phone.post("/auth/sign-out")
    assert kept_for(site, tmp_path, site.world.grace) is None
    assert browser.post(SWITCH).status == 400
    assert browser.get("/me").text == "ada@tenant.test"


@pytest.mark.parametrize(("path", "writes"), [(SWITCH, 0), (SWITCH, 1), (KEEP, 0)])
def test_a_decision_can_be_repeated_after_a_failure_of_the_store(build: MakeSite, path: str, writes: int) -> None:
    """Whichever of its writes has failed."""
    store = FailingStore()
    site = build(store=store)
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    sign_in_as_grace(site, browser)
    store.writes_left = writes
    first = browser.post(path)
    assert first.status == 503
    assert first.header("Retry-After")
    assert browser.post(path).status == 200
    assert browser.get("/me").text == ("grace@tenant.test" if path == SWITCH else "ada@tenant.test")


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f600", '"', "\0"])
def test_the_user_is_asked_about_an_account_with_a_long_name(site: Site, browser: Browser, character: str) -> None:
    """Browsers refuse a cookie of more than 4,096 bytes."""
    world = site.world
    browser.tenant.cookies.clear()
    started = browser.get("/auth/sign-in")
    back = browser.authorize(started, world.grace)
    token = world.tenant.mint_id_token(
        client=world.web, user=world.grace, nonce=started.query["nonce"], preferred_username=character * 3000
    )
    world.transport.tamper = lambda reply: reply.update(id_token=token)
    assert browser.get(back).status == 200
    assert browser.post(SWITCH).status == 200
    assert browser.get("/me").status == 200
