"""Outages of the authority, and errors that it answers with."""

from typing import ClassVar

import pytest

from tests.kit.authority_outages import SilentAuthority, throttling
from tests.kit.clock import Clock
from tests.kit.http_browser import FETCH
from tests.kit.sites import MakeSite, Site
from webidentity._flows.authorization_code import AuthorizationCodeGrant
from webidentity._flows.key_source import KeysUnavailableError
from webidentity._protocol.effects import Flow
from webidentity._transport.threads import AUTHORITY, BACKGROUND
from webidentity.errors import AuthorityUnavailableError, EntraError


def test_without_the_authority_a_sign_in_fails_politely(site: Site) -> None:
    """503 with Retry-After, and a button to try again. The keys are known from another sign-in."""
    site.browser().sign_in(site.world.grace)
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    site.world.transport.is_cut = True
    reply = browser.get(back)
    assert reply.status == 503
    assert reply.header("Retry-After") == "5"
    assert "<h1>We could not reach Microsoft Entra ID</h1>" in reply.text
    assert browser.get("/open").text == "anonymous"


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_without_the_authority_a_page_that_needs_a_new_token_fails_politely(
    site: Site, clock: Clock, path: str
) -> None:
    """The answer is 502, as a page or as JSON. Pages that need no token are served."""
    browser = site.browser()
    browser.sign_in(path=path)
    site.world.transport.is_cut = True
    assert browser.get(path).status == 200, "the token that is there is still good"
    clock.advance(4000)
    page = browser.get(path)
    assert page.status == 503
    assert page.header("Retry-After")
    assert "<h1>Sign-in is temporarily unavailable</h1>" in page.text
    answer = browser.get(path, FETCH)
    assert answer.json["error"] == "temporarily_unavailable"
    assert answer.header("Retry-After")
    assert browser.get("/me").status == 200
    # The check of the session's account may have failed too, so that the authority is given a pause.
    assert BACKGROUND.wait(20)
    clock.advance(6)
    site.world.transport.is_cut = False
    assert browser.get(path).status == 200


def test_a_wrong_client_secret_is_a_page_with_the_code(build: MakeSite) -> None:
    """The page and the log have the error code and the correlation ID for the administrator."""
    site = build(settings={"client_secret": "not-the-secret-of-the-application"})
    site.world.secrets.add("not-the-secret-of-the-application")
    site.world.consent()
    browser = site.browser()
    reply = browser.get(browser.authorize(browser.get("/me")))
    assert reply.status in {400, 502}
    assert "AADSTS7000215" in reply.text
    assert "Correlation ID: " in reply.text
    assert any("7000215" in message for message in site.log.messages("webidentity.web"))
    assert browser.get("/open").text == "anonymous"


def test_a_secret_that_expires_later_is_a_page_too(build: MakeSite, clock: Clock) -> None:
    """The refresh fails. The user is not sent to sign in, since that would not help."""
    site = build()
    site.world.consent()
    browser = site.browser()
    browser.sign_in(path="/files")
    browser.call = build(settings={"client_secret": "not-the-secret-of-the-application"}).call
    clock.advance(4000)
    page = browser.get("/files")
    assert page.status == 502
    assert "AADSTS7000215" in page.text
    assert browser.get("/async/files", FETCH).json["detail"].startswith("Error: AADSTS7000215")


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
def test_an_error_of_the_authority_inside_a_view_is_a_page_too(build: MakeSite, path: str) -> None:
    """The view asks the credential for a token itself, and the authority refuses it."""
    site = build()
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    browser.call = build(settings={"client_secret": "not-the-secret-of-the-application"}).call
    page = browser.get(path)
    assert page.status == 502
    assert "<h1>We could not open this page</h1>" in page.text
    assert "AADSTS7000215" in page.text
    assert browser.get(path, FETCH).json["error"] == "no_token"


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
def test_an_unavailable_authority_inside_a_view_is_503(site: Site, path: str) -> None:
    """The view asks the credential for a token itself, and the authority asks for a pause."""
    browser = site.browser()
    browser.sign_in()
    with throttling(site.world.transport, 60):
        for _ in range(2):
            page = browser.get(path)
            assert page.status == 503
            assert "<h1>Sign-in is temporarily unavailable</h1>" in page.text
            assert 55 <= int(page.header("Retry-After")) <= 61
        assert browser.get(path, FETCH).json["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
def test_an_authority_without_a_network_inside_a_view_is_503(site: Site, path: str) -> None:
    """The first requests fail in the network, and later ones are not sent."""
    browser = site.browser()
    browser.sign_in()
    site.world.transport.is_cut = True
    for _ in range(5):
        page = browser.get(path)
        assert page.status == 503
        assert page.header("Retry-After")


def test_an_overloaded_token_endpoint_at_sign_in_is_503(site: Site) -> None:
    """The user is asked to try again, with Retry-After."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    site.world.transport.tamper = lambda reply: (reply.clear(), reply.update(error="temporarily_unavailable"))
    page = browser.get(back)
    site.world.transport.tamper = None
    assert (page.status, page.header("Retry-After")) == (503, "5")


def test_a_crash_of_a_view_stays_a_crash(site: Site) -> None:
    """The site handles only errors of the sign-in, and caches do not store the error page."""
    browser = site.browser()
    browser.sign_in(path="/files")
    reply = browser.get("/crash")
    assert reply.status == 500
    assert reply.header("Cache-Control") == "private, no-store"


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_a_silent_authority_delays_no_page_whose_token_is_valid(site: Site, clock: Clock, path: str) -> None:
    """A token in its refresh window is served at once. It is renewed beside the page, once."""
    browser = site.browser()
    browser.sign_in(path=path)
    site.world.consent()
    silent = SilentAuthority(site)
    clock.advance(3600 - 200)
    for _ in range(5):
        assert browser.get(path).status == 200
    assert silent.received.wait(10)
    assert not silent.released.is_set()
    silent.answer()
    assert len(silent.requests) == 1
    clock.advance(300)
    assert browser.get(path).status == 200, "the token was renewed"


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_a_page_does_not_wait_long_for_a_silent_authority(
    build: MakeSite, clock: Clock, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The page is 503 with Retry-After when the total time is over, and a late reply is kept.

    The page and the log have the ID of the request that was not answered.
    """
    site = build(settings={"authority_timeout": 1})
    browser = site.browser()
    browser.sign_in(path=path)
    silent = SilentAuthority(site)
    clock.advance(4000)
    page = browser.get(path)
    assert (page.status, page.header("Retry-After")) == (503, "5")
    (unanswered,) = silent.requests
    named = f"Correlation ID: {unanswered.headers['client-request-id']}"
    assert named in page.text
    assert named in caplog.text
    silent.released.set()
    assert AUTHORITY.wait(20)
    silent.answer()
    site.world.transport.is_cut = True
    assert browser.get(path).status == 200, "the reply that came too late for the page"


@pytest.mark.parametrize("path", ["/files", "/async/files"])
def test_a_pause_that_the_authority_asks_for_is_passed_on(site: Site, clock: Clock, path: str) -> None:
    """Its request is not repeated before the time, and the page says when to try again."""
    browser = site.browser()
    browser.sign_in(path=path)
    clock.advance(4000)
    with throttling(site.world.transport, 60) as asked:
        for _ in range(3):
            page = browser.get(path)
            assert page.status == 503
            assert 55 <= int(page.header("Retry-After")) <= 61
            assert browser.get(path, FETCH).header("Retry-After")
        assert len(asked) == 1
    clock.advance(61)
    assert browser.get(path).status == 200


def test_one_throttled_user_pauses_no_other_user(site: Site, clock: Clock) -> None:
    """The session and all bearer tokens of an account are one user to the authority, however many tokens it has."""
    world, ada, grace, other = site.world, site.browser(), site.browser(), site.browser()
    ada.sign_in()
    grace.sign_in(world.grace)
    back = other.authorize(other.get("/me"))
    tokens = [world.access_token(world.grace, jti=str(number)) for number in range(4)]
    assert site.api("/me", tokens[0]).status == 200
    with throttling(world.transport, 600) as asked:
        assert [site.api("/files", token).status for token in tokens] == [503] * 4
        assert grace.get("/files").status == 503
        assert len(asked) == 1
    assert ada.get("/files").status == 200
    assert other.get(back).status == 303


def test_the_log_names_the_host_and_the_cause(site: Site, clock: Clock) -> None:
    """Of an authority that cannot be reached: for a sign-in, for a token, and when it is not asked any more."""
    site.browser().sign_in(site.world.grace)
    browser = site.browser()
    browser.sign_in(path="/files")
    other = site.browser()
    back = other.authorize(other.get("/me"))
    site.world.transport.is_cut = True
    other.get(back)
    clock.advance(4000)
    for _ in range(4):
        browser.get("/files")
    logged = [text for text in site.log.messages("webidentity.web") if "reached" in text]
    assert logged
    assert all("login.tenant.test cannot be reached: connection refused" in text for text in logged)
    assert any(text.startswith("A sign-in failed: The authority") for text in logged)
    assert any(text.startswith("The authority login.tenant.test") for text in logged)
    assert BACKGROUND.wait(20)


class Busy:
    """A response that asks for a pause."""

    status_code = 503
    headers: ClassVar = {"Retry-After": "21"}


@pytest.mark.parametrize("kind", ["busy", "paused", "refused", "without keys"])
def test_a_sign_in_that_may_succeed_later_says_when(site: Site, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is busy, or its keys cannot be fetched. A refused code is not tried again."""
    browser = site.browser()
    back = browser.authorize(browser.get("/me"))
    busy, refused = EntraError("busy"), EntraError("refused", error="invalid_grant")
    busy.response = Busy()
    error = {
        "busy": busy,
        "paused": AuthorityUnavailableError("down", retry_after=33),
        "refused": refused,
        "without keys": KeysUnavailableError("unreachable"),
    }[kind]

    def fail(*_: object) -> Flow[None]:
        raise error
        yield

    monkeypatch.setattr(AuthorizationCodeGrant, "token", fail)
    reply = browser.get(back)
    expected = {"busy": (503, "21"), "paused": (503, "33"), "refused": (400, None), "without keys": (503, "5")}[kind]
    assert (reply.status, reply.header("Retry-After") or None) == expected
    assert browser.get("/open").text == "anonymous"
