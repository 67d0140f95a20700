"""Each kind of caller is told to sign in, in a form that it understands."""

import html
import re
from urllib.parse import quote, urlsplit

import pytest

from tests.kit.clock import Clock
from tests.kit.http_browser import FETCH
from tests.kit.sites import MakeSite, Site
from tests.kit.world import READ, WRITE

HTMX = {**FETCH, "HX-Request": "true", "HX-Current-URL": "https://app.test/open?from=here"}


def test_a_browser_is_redirected(site: Site) -> None:
    """302 to the authority, from views of every kind."""
    for path in ("/me", "/files", "/async/me", "/async/files", "/class", "/async/class", "/deep", "/async/deep"):
        reply = site.browser().get(path)
        assert (reply.status, urlsplit(reply.location).netloc) == (302, "login.tenant.test"), path


@pytest.mark.parametrize(
    "headers", [FETCH, {"Accept": "*/*", "X-Requested-With": "XMLHttpRequest", "Sec-Fetch-Mode": ""}]
)
@pytest.mark.parametrize("path", ["/files", "/async/files", "/deep"])
def test_a_script_reads_where_to_sign_in(site: Site, path: str, headers: dict[str, str]) -> None:
    """401 JSON with a login_url that works, asks for the scopes of the view, and leads back to the page."""
    browser = site.browser()
    reply = browser.get(path, {**headers, "Referer": "https://app.test/open?from=here"})
    assert reply.status == 401
    assert reply.json["error"] == "sign_in_required"
    started = browser.get(reply.json["login_url"])
    assert started.status == 302
    assert (WRITE if path == "/deep" else READ) in started.query["scope"].split()
    assert browser.get(browser.authorize(started)).location == "/open?from=here"


@pytest.mark.parametrize("referer", ["https://evil.test/x", "https://app.test.evil.test/x", "//evil.test", ""])
def test_a_script_of_another_site_leads_to_the_front_page(site: Site, referer: str) -> None:
    """The page to return to must belong to this site."""
    browser = site.browser()
    reply = browser.get("/files", {**FETCH, "Referer": referer})
    done = browser.get(browser.authorize(browser.get(reply.json["login_url"])))
    assert done.location == "/"


def test_the_sealed_request_of_a_login_url_cannot_be_forged(site: Site) -> None:
    """A changed request is ignored, and so is the value of a cookie in its place."""
    browser = site.browser()
    url = browser.get("/files", {**FETCH, "Referer": "https://app.test/open"}).json["login_url"]
    path, _, sealed = url.partition("request=")
    assert "open" not in sealed
    browser.get("/me")
    for forged in (
        sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:],
        "x",
        "%00",
        "ä",
        *browser.pending().values(),
    ):
        started = browser.get(f"{path}request={quote(forged)}&next=/me")
        assert started.status == 302
        assert READ not in started.query["scope"]
        assert browser.get(browser.authorize(started)).location == "/me"


def test_an_expired_login_url_says_so_and_leads_to_the_page(site: Site, clock: Clock) -> None:
    """A page was left open for more than an hour. Its button starts a new sign-in that returns to the page."""
    browser = site.browser()
    url = browser.get("/files", {**FETCH, "Referer": "https://app.test/me?x=1"}).json["login_url"]
    clock.advance(3700)
    expired = browser.get(url)
    assert expired.status == 400
    assert expired.cookies == {}
    assert "<h1>This sign-in link has expired</h1>" in expired.text
    [button] = re.findall(r'href="([^"]+)"', expired.text)
    started = browser.get(html.unescape(button))
    assert browser.get(browser.authorize(started)).location == "/me?x=1"


def test_an_expired_link_of_an_error_page_starts_again(site: Site, clock: Clock) -> None:
    """The same for the button of a failed sign-in; and a script reads JSON."""
    browser = site.browser()
    site.world.transport.is_cut = True
    failed = browser.get(browser.authorize(browser.get("/me")))
    [button] = re.findall(r'href="([^"]+)"', failed.text)
    clock.advance(3700)
    assert browser.get(html.unescape(button), FETCH).json["error"] == "sign_in_link_expired"
    assert browser.get(html.unescape(button)).status == 400


def test_a_fallback_of_the_secret_key_opens_a_login_url(build: MakeSite) -> None:
    """Replacing SECRET_KEY leaves the links of open pages valid."""
    old = build(secret_key="the-old-secret-key-0123456789-0123456789")
    browser = old.browser()
    url = browser.get("/files", FETCH).json["login_url"]
    browser.call = build(fallbacks=("the-old-secret-key-0123456789-0123456789",)).call
    assert READ in browser.get(url).query["scope"].split()


def test_htmx_is_told_to_redirect(site: Site) -> None:
    """HX-Redirect names a sign-in that returns to the page that the user was on."""
    browser = site.browser()
    reply = browser.get("/files", HTMX)
    assert reply.status == 401
    started = browser.get(reply.header("HX-Redirect"))
    assert browser.get(browser.authorize(started)).location == "/open?from=here"


def test_a_program_is_challenged(site: Site) -> None:
    """A bare WWW-Authenticate when it sent no token (RFC 6750 section 3.1), and no redirection."""
    for path in ("/files", "/async/files", "/me", "/deep"):
        reply = site.api(path)
        assert reply.status == 401
        assert reply.header("WWW-Authenticate") == "Bearer"
        assert reply.header("Location") == ""
        assert reply.header("Content-Type") == "application/json"
        assert reply.json["error"] == "token_required"
        assert reply.cookies == {}


def test_a_browser_that_also_sends_a_password_is_still_a_browser(site: Site) -> None:
    """A site behind a proxy with HTTP Basic authentication: its header comes with every request."""
    browser = site.browser()
    basic = {"Authorization": "Basic YWRhOnB3"}
    started = browser.get("/me", basic)
    assert started.status == 302
    done = browser.get(browser.authorize(started), basic)
    assert browser.get(done.location, basic).text == "ada@tenant.test"


def test_a_post_comes_back_with_get(site: Site) -> None:
    """The page that answers it continues without the body (RFC 9700 section 4.12)."""
    browser = site.browser()
    started = browser.post("/change", {"amount": "1000"}, {"Referer": "https://app.test/open"})
    assert started.status == 200
    assert "amount" not in started.location
    assert browser.get(browser.authorize(started)).location == "/open"


def test_an_error_deep_inside_a_view_becomes_a_challenge(build: MakeSite) -> None:
    """The challenge requests the scopes of the error and returns to the same page."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    for path in ("/deep?x=1", "/async/deep?x=1"):
        started = browser.get(path)
        assert WRITE in started.query["scope"].split()
        assert browser.get(browser.authorize(started)).location == path


def test_pages_of_the_sign_in_are_json_for_scripts(site: Site) -> None:
    """The JSON has the error's name and its description."""
    reply = site.browser().get("/auth/callback?state=x&code=y", FETCH)
    assert reply.status == 400
    assert reply.json["error"] == "sign_in_not_found"


def test_http_is_refused_beyond_localhost(site: Site) -> None:
    """The error page advises to configure the proxy in front of the site, or base_url."""
    reply = site.browser("http://app.test").get("/auth/sign-in")
    assert reply.status == 400
    assert reply.location == ""
    assert "https" in reply.text
    assert "base_url" in reply.text.lower()
    assert reply.cookies == {}


def test_an_unchecked_host_is_refused(build: MakeSite) -> None:
    """The redirect URI is made of it, so a forged Host header would send the code elsewhere."""
    site = build(hosts=None)
    reply = site.browser("https://evil.test").get("/me")
    assert reply.status == 400
    assert reply.location == ""
    assert "base_url" in reply.text.lower()
    assert site.browser("http://localhost").get("/me").status == 302


def test_a_host_that_is_not_among_the_trusted_ones_is_refused(site: Site) -> None:
    """The framework refuses a request for an untrusted host."""
    reply = site.browser("https://evil.test").get("/me")
    assert reply.status == 400
    assert reply.location == ""


def test_forwarding_headers_change_nothing(site: Site) -> None:
    """X-Forwarded-* counts where the framework was told to trust it, which it was not."""
    started = site.browser().get(
        "/me", {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.test"}
    )
    assert started.query["redirect_uri"] == "https://app.test/auth/callback"
