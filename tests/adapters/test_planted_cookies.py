"""Cookies that another host of the same domain has planted in the user's browser."""

import pytest

from tests.kit.http_browser import Browser, SiteReply
from tests.kit.sites import Site

#: Characters that Python strips, as browsers send them in a name: in UTF-8, and as the bytes themselves.
SPACES = ["\xa0", "\x85", *(space.encode().decode("latin-1") for space in ("\x85", "\xa0", "\u2003", "\u3000"))]
#: Endings that make a name one that no Set-Cookie header can have.
ENDINGS = ["(", ")", "@", "[", "]", "{", "}", "/", "\xe9", " x"]


def is_unknown(reply: SiteReply) -> bool:
    """Return whether the site did not find the sign-in of the response."""
    return reply.status == 400 and "We could not match this sign-in to your browser" in reply.text


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_a_name_that_only_resembles_ours_is_ignored(site: Site, space: str) -> None:
    """Browsers protect the prefix __Host-, and not a space before it: names are compared byte by byte."""
    attacker, victim = site.browser(), site.browser()
    back = attacker.authorize(attacker.get("/me"))
    for name, value in attacker.pending().items():
        victim.jar[f"{space}{name}"] = value
    assert is_unknown(victim.get(back))
    victim.jar = {f"{name}{space}": value for name, value in attacker.pending().items()}
    assert is_unknown(victim.get(back))


@pytest.mark.parametrize("root", ["https://app.test", "http://localhost"])
def test_planted_names_break_no_page(site: Site, root: str) -> None:
    """A guarded page and the callback work with such cookies, and leave them alone."""
    victim = site.browser(root)
    [ours] = victim_names(victim)
    for ending in ENDINGS:
        victim.jar[f"{ours}{ending}"] = "planted"
        victim.jar[f"{ours.rpartition('-')[0]}{ending}-{ending}"] = "planted"
    started = victim.get("/me")
    assert started.status == 302
    done = victim.get(victim.authorize(started))
    assert done.status == 303
    for reply in (started, done):
        assert not any(ending.strip() in name for name in reply.cookies for ending in ENDINGS)
    assert victim.get("/me").text == "ada@tenant.test"


def test_the_first_of_two_cookies_with_one_name_counts(site: Site) -> None:
    """Browsers send the cookie of the more specific path first (RFC 6265 section 5.4)."""
    browser = site.browser("http://localhost")
    started = browser.get("/me")
    [(name, value)] = browser.pending().items()
    browser.jar = {name: f"{value}; {name}=planted"}
    assert browser.get(browser.authorize(started)).status == 303


def victim_names(browser: Browser) -> list[str]:
    """Return the names of the site's pending cookies, and forget the cookies."""
    browser.get("/me")
    names = list(browser.pending())
    browser.jar.clear()
    return names
