"""The callback accepts a response once, in the browser that started the sign-in, within ten minutes."""

import html
import re
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.kit.clock import Clock
from tests.kit.http_browser import Browser, SiteReply
from tests.kit.sites import MakeSite, Site
from tests.kit.world import READ
from webidentity._protocol.effects import Flow
from webidentity.cache import TokenCache
from webidentity.web._pending import LIFETIME


def answer(back: str, **changes: str | None) -> str:
    """Return the URL of the authorization response, changed."""
    parts = urlsplit(back)
    fields = {**dict(parse_qsl(parts.query)), **changes}
    return f"{parts.path}?{urlencode({name: value for name, value in fields.items() if value is not None})}"


def is_refused(browser: Browser, reply: SiteReply, title: str) -> bool:
    """Whether the reply is that page, offers to sign in again, and no user is signed in."""
    assert reply.status in {400, 403}, reply.status
    assert f"<h1>{title}</h1>" in reply.text, reply.text
    assert 'href="/auth/sign-in' in reply.text
    return browser.get("/open").text == "anonymous"


def test_another_state_is_refused(site: Site) -> None:
    """A code without the state of a sign-in that this browser started (RFC 6749 section 10.12)."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(answer(back, state="another-state"))
    assert is_refused(browser, reply, "We could not match this sign-in to your browser")
    assert browser.get(back).status == 303, "the sign-in itself is not disturbed"


@pytest.mark.parametrize("changes", [{"state": None}, {"state": ""}, {"code": None}])
def test_a_response_without_state_or_code_is_refused(site: Site, changes: dict[str, str | None]) -> None:
    """Both are required (RFC 6749 section 4.1.2)."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    assert is_refused(browser, browser.get(answer(back, **changes)), "This link is not a valid sign-in response")


def test_a_response_of_another_browser_is_refused(site: Site) -> None:
    """Code and state are valid, but another browser requested them (RFC 9700 section 4.7)."""
    attacker, victim = site.browser(), site.browser()
    back = attacker.authorize(attacker.get("/me"))
    victim.get("/me")
    assert is_refused(victim, victim.get(back), "We could not match this sign-in to your browser")


def test_a_response_of_another_browser_does_not_replace_a_session(site: Site) -> None:
    """The victim stays signed in as before."""
    attacker, victim = site.browser(), site.browser()
    victim.sign_in(site.world.grace)
    assert victim.get(attacker.authorize(attacker.get("/me"))).status == 400
    assert victim.get("/me").text == "grace@tenant.test"


def test_a_user_who_reloads_the_response_is_still_signed_in(site: Site) -> None:
    """The page says so, instead of asking the user to sign in again."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    assert browser.get(back).status == 303
    reply = browser.get(back)
    assert (reply.status, "<h1>You are signed in</h1>" in reply.text) == (400, True), reply.text
    assert browser.get("/me").text == "ada@tenant.test"


@pytest.mark.parametrize("is_replanted", [False, True], ids=["as it is", "with its cookie put back"])
def test_a_replayed_response_is_refused(site: Site, *, is_replanted: bool) -> None:
    """A state is used once, also if the cookie of the pending sign-in was copied (RFC 9700 section 4.7)."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    pending = browser.pending()
    assert browser.get(back).status == 303
    assert browser.pending() == {}, "the cookie is deleted when the sign-in is over"
    thief = site.browser()
    thief.jar = dict(pending) if is_replanted else {}
    title = "This sign-in was already used" if is_replanted else "We could not match this sign-in to your browser"
    assert is_refused(thief, thief.get(back), title)


def test_a_response_after_an_error_is_refused(site: Site) -> None:
    """The state was used by the error, also if the cookie is put back."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    pending = browser.pending()
    failed = browser.get(answer(back, code=None, error="server_error"))
    assert is_refused(browser, failed, "We could not sign you in")
    browser.jar.update(pending)
    assert is_refused(browser, browser.get(back), "This sign-in was already used")


def test_a_response_after_a_failed_redemption_is_refused(site: Site) -> None:
    """The state was used by the first try, although the code was not redeemed."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    pending = browser.pending()
    assert is_refused(browser, browser.get(answer(back, code="wrong")), "We could not complete your sign-in")
    browser.jar.update(pending)
    assert is_refused(browser, browser.get(back), "This sign-in was already used")


def test_a_pending_sign_in_expires(site: Site, clock: Clock) -> None:
    """A sign-in is valid for ten minutes, even if the browser keeps the cookie longer."""
    browser = site.browser()
    late, in_time = browser.authorize(browser.get("/me")), ""
    clock.advance(30)
    in_time = browser.authorize(browser.get("/me"))
    pending = browser.pending()
    clock.advance(575)
    assert is_refused(browser, browser.get(late), "Your sign-in took too long")
    browser.jar.update(pending)
    assert browser.get(in_time).status == 303


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first in first", "last in first"])
def test_two_tabs_finish_in_either_order(site: Site, order: tuple[int, int]) -> None:
    """Each opens its own page."""
    browser = site.browser()
    started = [browser.get("/me?tab=0"), browser.get("/me?tab=1")]
    backs = [browser.authorize(tab) for tab in started]
    for tab in order:
        assert browser.get(backs[tab]).location == f"/me?tab={tab}"
    assert browser.get("/me").text == "ada@tenant.test"


def test_five_tabs_fit_and_the_sixth_evicts_the_oldest(site: Site, clock: Clock) -> None:
    """Their cookies stay below the limits of servers and browsers."""
    browser = site.browser()
    backs = []
    for tab in range(6):
        backs.append(browser.authorize(browser.get(f"/me?tab={tab}")))
        clock.advance(1)
        assert len(browser.pending()) == min(tab + 1, 5)
        assert sum(len(name) + len(value) for name, value in browser.jar.items()) < 6000
    assert is_refused(browser, browser.get(backs[0]), "We could not match this sign-in to your browser")
    for tab in (5, 1, 3, 2, 4):
        assert browser.get(backs[tab]).location == f"/me?tab={tab}"


@pytest.mark.parametrize("page", ["/me?tab=", "/me?" + "x" * 1900 + "="], ids=["short", "long"])
def test_twenty_tabs_opened_at_once_do_not_lock_the_browser_out(site: Site, page: str) -> None:
    """A browser restores its tabs: each is sent to sign in before the first cookie has arrived.

    The header stays below the limit of servers, the user can sign in, and each tab leads to its page.
    """
    browser = site.browser()
    started = []
    for tab in range(20):
        other = site.browser()
        started.append(other.get(f"{page}{tab}"))
        browser.jar.update(other.jar)
    assert sum(len(name) + len(value) + 3 for name, value in browser.jar.items()) < 7700
    replies = [browser.get(browser.authorize(tab)) for tab in started]
    completed = [tab for tab, reply in enumerate(replies) if reply.status == 303]
    assert completed
    for tab, reply in enumerate(replies):
        if tab in completed:
            assert reply.location == f"{page}{tab}"
            continue
        is_signed_in = tab > completed[0]
        assert ("<h1>You are signed in</h1>" in reply.text) == is_signed_in
        [button] = re.findall(r'class="action" href="([^"]+)"', reply.text)
        if len(page) < 300:
            assert html.unescape(button) == (
                f"{page}{tab}" if is_signed_in else f"/auth/sign-in?next=%2Fme%3Ftab%3D{tab}"
            )
    assert browser.get("/me").text == "ada@tenant.test"


def test_a_cookie_without_the_prefix_is_ignored_on_https(site: Site) -> None:
    """A sibling host can set a cookie for the whole domain, but not one with the prefix __Host-."""
    attacker, victim = site.browser(), site.browser()
    back = attacker.authorize(attacker.get("/me"))
    for name, value in attacker.pending().items():
        victim.jar[name.removeprefix("__Host-")] = value
    assert is_refused(victim, victim.get(back), "We could not match this sign-in to your browser")


@pytest.mark.parametrize("extra", ["error=access_denied", "code=another", "state=another", "iss=x&iss=y"])
def test_contradictions_are_refused(site: Site, extra: str) -> None:
    """Both code and error, or a repeated parameter (RFC 6749 section 3.1)."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(f"{urlsplit(back).path}?{urlsplit(back).query}&{extra}")
    assert is_refused(browser, reply, "This link is not a valid sign-in response")


def test_a_response_of_another_issuer_is_refused(site: Site) -> None:
    """The iss parameter, if it was sent, must name the tenant (RFC 9207)."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(answer(back, iss="https://evil.test/"))
    assert is_refused(browser, reply, "We could not verify your sign-in")
    assert not [request for request in site.world.transport.requests if request.path.endswith("/token")]
    back = browser.authorize(browser.get("/me"))
    failed = browser.get(answer(back, iss="https://evil.test/", code=None, error="access_denied"))
    assert is_refused(browser, failed, "We could not verify your sign-in")
    back = browser.authorize(browser.get("/me"))
    assert browser.get(answer(back, iss=site.world.tenant.issuer)).status == 303


def test_a_user_who_declines_consent_sees_a_page(build: MakeSite) -> None:
    """It says that nothing was changed, and offers to sign in again."""
    site = build()
    browser = site.browser()
    back = browser.authorize(browser.get("/files"), consent=False)
    assert is_refused(browser, browser.get(back), "You did not sign in")


def test_a_signed_in_user_who_declines_a_permission_stays_signed_in(build: MakeSite) -> None:
    """The page says so, leads back, and can ask again."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    declined = browser.get(browser.authorize(browser.get("/files"), consent=False))
    assert declined.status == 403
    assert "<h1>You did not grant the permission</h1>" in declined.text
    assert "did not sign in" not in declined.text
    back, again = re.findall(r'class="action" href="([^"]+)"', declined.text)
    assert back == "/"
    assert browser.get("/me").text == "ada@tenant.test"
    done = browser.get(browser.authorize(browser.get(html.unescape(again))))
    assert done.location == "/files"


def test_a_transient_error_of_the_authority_is_not_the_browsers_fault(site: Site) -> None:
    """503 with Retry-After, whether it is sent instead of the code or instead of the token."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(answer(back, code=None, error="temporarily_unavailable"))
    assert (reply.status, reply.header("Retry-After")) == (503, "5")
    assert 'href="/auth/sign-in' in reply.text


@pytest.mark.parametrize(
    ("code", "title", "text"),
    [
        (65004, "You did not sign in", "declined the permissions"),
        (90094, "An administrator must approve this", "Ask an administrator"),
        (50105, "We could not sign you in", "AADSTS50105. The user is not assigned to the application"),
        (53003, "We could not sign you in", "A Conditional Access policy blocks this sign-in"),
    ],
)
def test_a_page_says_what_to_do_about_an_error(site: Site, code: int, title: str, text: str) -> None:
    """Only a user who declined is told so. The advice is ours: the description of the error is not shown."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(
        answer(back, code=None, error="access_denied", error_description=f"AADSTS{code}: written by anyone.")
    )
    assert is_refused(browser, reply, title)
    assert text in reply.text
    assert "anyone" not in reply.text


def test_an_unknown_user_can_cancel(site: Site) -> None:
    """The tenant shows its own page until the user cancels."""
    browser = site.browser()
    page = browser.tenant.open(browser.get("/me").location)
    form = page.form("sign_in")
    assert form
    page = browser.tenant.submit(page, form, username="mallory@tenant.test", password="x")
    assert "AADSTS50034" in page.text
    form = page.form("cancel")
    assert form
    back = browser.tenant.submit(page, form).location
    assert back
    assert is_refused(browser, browser.get(back), "You did not sign in")


@pytest.mark.parametrize(
    ("error", "shown"), [("e" * 40, True), ("e" * 41, False), ("\N{CYRILLIC SMALL LETTER A}", False)]
)
def test_only_a_short_plain_error_is_shown(site: Site, error: str, *, shown: bool) -> None:
    """Other values of the error parameter become "unknown", on the page and in the log."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    reply = browser.get(answer(back, code=None, error=error))
    (line,) = [line for line in site.log.messages("webidentity.web") if "ended a sign-in" in line]
    assert (error in reply.text, error in line) == (shown, shown)
    assert ("unknown" in line) == (not shown)


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", "server_error"])
def test_text_of_the_url_is_not_shown(site: Site, error: str) -> None:
    """Anyone can write a link to the redirect URI, so its text is not shown."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    text = "<img src=x onerror=alert(1)> Your account is locked, call 0900-12345"
    reply = browser.get(answer(back, code=None, error=error, error_description=text))
    assert "<script>" not in reply.text
    assert "<img" not in reply.text
    assert "0900" not in reply.text
    assert ("server_error" in reply.text) == (error == "server_error")


def test_a_code_of_another_sign_in_is_refused_by_its_verifier(site: Site) -> None:
    """An attacker's code, injected into the victim's own response (RFC 9700 section 4.5)."""
    attacker, victim = site.browser(), site.browser()
    stolen = dict(parse_qsl(urlsplit(attacker.authorize(attacker.get("/me"), site.world.grace)).query))["code"]
    back = victim.authorize(victim.get("/me"))
    reply = victim.get(answer(back, code=stolen))
    assert is_refused(victim, reply, "We could not complete your sign-in")
    assert "AADSTS501481" in reply.text


def test_each_redemption_sends_the_verifier_of_its_own_request(site: Site) -> None:
    """RFC 7636: no code is redeemed without a verifier."""
    browser = site.browser()
    started = [browser.get("/me"), browser.get("/me")]
    for tab in (1, 0):
        browser.get(browser.authorize(started[tab]))
    sent = [request.form for request in site.world.transport.requests if request.path.endswith("/token")]
    assert len({form["code_verifier"] for form in sent}) == 2
    assert all(form["redirect_uri"] == "https://app.test/auth/callback" for form in sent)


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD"])
def test_the_redirect_uri_takes_get_only(site: Site, method: str) -> None:
    """The requested response mode is query, so a form is refused. HEAD does not redeem the code."""
    browser = site.browser()
    back = urlsplit(browser.authorize(browser.get("/me")))
    path = f"{back.path}?{back.query}"
    reply = browser.post(path) if method == "POST" else browser.get(path, method=method)
    assert reply.status == 405
    assert "GET" in reply.header("Allow")
    assert browser.get(path).status == 303


def test_scopes_of_the_settings_are_consented_to_at_the_first_sign_in(build: MakeSite) -> None:
    """The first sign-in asks for scopes of a second resource too, although a token request names only one."""
    site = build(settings={"scopes": ["https://graph.microsoft.com/User.Read"]})
    browser = site.browser()
    started = browser.get("/files")
    assert started.query["scope"].split()[3:] == [READ, "https://graph.microsoft.com/User.Read"]
    done = browser.get(browser.authorize(started))
    assert browser.get(done.location).json["scp"] == "Files.Read"
    assert browser.get("/graph").text == site.world.ada.object_id


def test_a_used_state_is_known_for_as_long_as_it_could_be_valid(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep must not forget it earlier: a browser may ignore the deletion of the cookie."""
    kept_until: list[float] = []
    claim_once = TokenCache.claim_once

    def claim(cache: TokenCache, name: str, *, expires_at: float) -> Flow[bool]:
        kept_until.append(expires_at)
        return claim_once(cache, name, expires_at=expires_at)

    monkeypatch.setattr(TokenCache, "claim_once", claim)
    started = time.time()
    site.browser().sign_in()
    assert kept_until
    assert min(kept_until) >= started + LIFETIME
