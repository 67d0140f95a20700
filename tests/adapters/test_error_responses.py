"""Authorization responses with an error (RFC 6749 section 4.1.2.1)."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.kit.http_browser import Browser, SiteReply
from tests.kit.sites import Site


def ended(browser: Browser, path: str, **fields: str) -> SiteReply:
    """Start a sign-in that the authority ends with an error."""
    back = urlsplit(browser.authorize(browser.get(path)))
    return browser.get(f"{back.path}?{urlencode({'state': parse_qs(back.query)['state'][0], **fields})}")


def test_an_error_without_a_code_is_not_a_refusal_of_the_user(site: Site) -> None:
    """A signed-in user who needs a further permission is not told to have declined it."""
    browser = site.browser()
    browser.sign_in()
    assert "We could not sign you in" in ended(browser, "/deep", error="server_error").text
    assert "You did not grant the permission" in ended(browser, "/deep", error="access_denied").text


@pytest.mark.parametrize("is_own", [True, False])
def test_an_error_of_another_issuer_is_refused(site: Site, *, is_own: bool) -> None:
    """The parameter iss protects errors too (RFC 9207). The authority's own errors are shown."""
    tenant = site.world.tenant
    issuer = f"{tenant.base_url}/{tenant.tenant_id}/v2.0" if is_own else "https://evil.test/v2.0"
    reply = ended(site.browser(), "/me", error="access_denied", iss=issuer)
    assert ("You did not sign in" in reply.text) is is_own
    assert ("We could not verify your sign-in" in reply.text) is not is_own
