"""A sign-in leads to a page of the application, and never to another site."""

from urllib.parse import quote

import pytest

from tests.kit.sites import MakeSite, Site

ELSEWHERE = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "\\evil.test",
    "/%2f%2fevil.test",
    "/%252f%252fevil.test",
    "/%5cevil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "/\n/evil.test",
    "/\r\nSet-Cookie: a=b",
    "\x00//evil.test",
    "/\x00/evil.test",
    " //evil.test",
    "https:evil.test",
    "https://evil.test",
    "https:/evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://app.test@evil.test/",
    "//app.test@evil.test/",
    "https://app.test:8443/me",
    "https://app.test/me",
    "evil.test",
    "me",
    "@evil.test",
    ".evil.test",
    "/../../me",
    "/a/%2e%2e//evil.test",
    "/" + "a" * 2048,
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_to_another_site(site: Site, target: str) -> None:
    """A target that could be another host, another port or a script, or is too long, leads to the front page."""
    browser = site.browser()
    done = browser.get(browser.authorize(browser.get(f"/auth/sign-in?next={quote(target, safe='')}")))
    assert (done.status, done.location) == (303, "/")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/me", "/me"),
        ("/me?x=https://evil.test/#part", "/me?x=https://evil.test/#part"),
        ("/me?text=two%0Alines", "/me?text=two%0Alines"),
        ("/me?folder=a b", "/me?folder=a%20b"),
        ("/me?n=日本", "/me?n=%E6%97%A5%E6%9C%AC"),
        ("/me?" + "a" * 2000, "/me?" + "a" * 2000),
    ],
)
def test_next_leads_to_a_page_of_this_site(site: Site, target: str, expected: str) -> None:
    """Encoded for a Location header."""
    browser = site.browser()
    done = browser.get(browser.authorize(browser.get(f"/auth/sign-in?next={quote(target, safe='')}")))
    assert done.location == expected
    assert browser.get(done.location).status == 200


def test_two_values_of_next_lead_to_the_front_page(site: Site) -> None:
    """The right one cannot be known."""
    browser = site.browser()
    done = browser.get(browser.authorize(browser.get("/auth/sign-in?next=/me&next=/files")))
    assert done.location == "/"


def test_next_is_not_in_the_state(site: Site) -> None:
    """It stays in the browser, so one user's authorization URL cannot send another user to a page."""
    started = site.browser().get("/auth/sign-in?next=/me%3Fwhere-to-go")
    assert "where-to-go" not in started.location


def test_a_path_that_starts_with_two_slashes_is_not_returned_to(site: Site) -> None:
    """A path that browsers read as a host is not redirected to."""
    browser = site.browser()
    started = browser.get("/deep?next=//evil.test")
    assert browser.get(browser.authorize(started)).location == "/deep?next=//evil.test"
    for path in ("//evil.test/deep", "/%2Fevil.test"):
        assert browser.get(f"https://app.test{path}").status in {302, 404, 308, 301}


def test_pages_are_under_base_url(build: MakeSite) -> None:
    """A proxy serves the application under a path, and forwards requests without that path."""
    site = build(settings={"base_url": "https://public.test/mount/"}, hosts=("app.test",))
    site.world.consent()
    browser = site.browser()
    started = browser.get("/me?x=1")
    assert started.query["redirect_uri"] == "https://public.test/mount/auth/callback"
    done = browser.get(browser.authorize(started).replace("https://public.test/mount", "https://app.test"))
    assert (done.status, done.location) == (303, "/mount/me?x=1")
    assert 'action="/mount/auth/sign-out"' in browser.get("/auth/sign-out").text
    for target in ("/other", "/mountain", "/mount/../other", "/mount/%2e%2e/other"):
        started = browser.get(f"/auth/sign-in?next={quote(target)}")
        done = browser.get(browser.authorize(started).replace("https://public.test/mount", "https://app.test"))
        assert done.location == "/mount/"
