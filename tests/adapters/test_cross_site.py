"""Requests that another site makes with the user's session."""

import pytest

from tests.kit.sites import Site

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.test"},
    {"Sec-Fetch-Site": "", "Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_an_unguarded_view_gets_no_identity(site: Site, headers: dict[str, str]) -> None:
    """A view that only reads the identity must not change data for another site."""
    browser = site.browser()
    browser.sign_in()
    assert browser.post("/open/change", headers=headers).text == "anonymous"
    assert browser.post("/open/change").text == "ada@tenant.test"
    assert browser.get("/open", headers).text == "ada@tenant.test"


def test_a_bearer_token_identifies_a_cross_site_request(site: Site) -> None:
    """A browser never adds it by itself."""
    headers = {"Authorization": f"Bearer {site.world.access_token()}", **FOREIGN[0]}
    assert site.browser().post("/open/change", headers=headers).text == "ada@tenant.test"


@pytest.mark.parametrize("path", ["/files", "/async/files", "/me", "/change"])
def test_a_guard_answers_a_preflight(site: Site, path: str) -> None:
    """Browsers send it without credentials and require a success (Fetch standard, CORS-preflight fetch)."""
    preflight = {"Origin": "https://spa.test", "Access-Control-Request-Method": "GET"}
    reply = site.call("OPTIONS", f"https://app.test{path}", preflight)
    assert reply.status in {200, 204}
    assert "changed" not in reply.text


def test_other_requests_with_the_method_options_need_a_user(site: Site) -> None:
    """Such as one without an origin. Flask answers the method itself, without the view."""
    if site.kind != "flask":
        assert site.call("OPTIONS", "https://app.test/files", {}).status == 401
