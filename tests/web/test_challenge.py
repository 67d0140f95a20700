"""What a caller is told when its user must sign in, consent or authenticate again."""

import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit.request_facts import facts
from tests.kit.world import READ, SECRET_KEY, World
from webidentity import AuthenticationRequiredError, EntraError
from webidentity._protocol.advice import advice_for
from webidentity.cache import KeyRing
from webidentity.web import Answer, Routes, Settings, Site, _challenge
from webidentity.web._challenge import header_text
from webidentity.web._pending import PendingCookies
from webidentity.web._sign_in_links import SignInRequest

CLIENT = {"accept": "application/json"}
BEARER = {**CLIENT, "authorization": "Bearer a-token"}
SCRIPT = {"sec-fetch-mode": "cors"}
CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without an adapter."""
    world = World()
    return Site(
        Settings(**world.settings),
        secret_keys=[SECRET_KEY],
        folder=tmp_path,
        routes=Routes,
        transport=world.transport,
    )


def challenged(site: Site, headers: Mapping[str, str], error: AuthenticationRequiredError | None = None) -> Answer:
    return site.run(site.challenge(facts(headers=headers), error or AuthenticationRequiredError([READ])))


def test_a_client_without_a_token_is_asked_for_one(site: Site) -> None:
    """RFC 6750 section 3: no error code if the request had no token."""
    answer = challenged(site, CLIENT)
    assert (answer.status, dict(answer.headers)["WWW-Authenticate"]) == (401, "Bearer")
    assert json.loads(answer.body)["error"] == "token_required"


def test_a_client_whose_token_is_not_enough_is_told_why(site: Site) -> None:
    """By the codes and by our advice: the authority's description may name the user."""
    error = AuthenticationRequiredError([READ], 'ada@tenant.test must "consent"')
    error.__cause__ = EntraError("AADSTS65001: ada@tenant.test has not consented", error_codes=(65001,))
    answer = challenged(site, BEARER, error)
    header = dict(answer.headers)["WWW-Authenticate"]
    assert answer.status == 401
    assert header.startswith('Bearer error="invalid_token", error_description="')
    assert "AADSTS65001" in header
    assert "ada@tenant.test" not in header + answer.body
    assert json.loads(answer.body)["error"] == "interaction_required"


def test_a_client_is_advised() -> None:
    """Our own text, which names no user, follows the codes."""
    error = AuthenticationRequiredError([READ])
    error.__cause__ = EntraError("refused", error_codes=(65001,))
    advice = advice_for((65001,))
    assert advice
    assert _challenge._reason(error).endswith(f"AADSTS65001. {advice}")
    error.__cause__ = EntraError("refused", error_codes=(1234567,))
    assert _challenge._reason(error).endswith("AADSTS1234567.")


def test_htmx_is_told_to_redirect(site: Site) -> None:
    """It follows the header with a navigation of the whole page."""
    answer = challenged(site, {"hx-request": "true"})
    headers = dict(answer.headers)
    assert (answer.status, headers["Cache-Control"]) == (401, "no-store")
    assert headers["HX-Redirect"].startswith("/auth/sign-in?request=")


def test_a_client_gets_the_claims_challenge(site: Site) -> None:
    """In the form that Microsoft's APIs use and client libraries understand."""
    answer = challenged(site, BEARER, AuthenticationRequiredError([READ], claims=CLAIMS))
    scheme, claims = dict(answer.headers)["WWW-Authenticate"].split(", ")
    assert scheme == 'Bearer error="insufficient_claims"'
    assert b64decode(claims.removeprefix('claims="').removesuffix('"')).decode() == CLAIMS


def test_a_client_without_a_token_gets_no_claims(site: Site) -> None:
    """They are of no use to it before it has a token."""
    answer = challenged(site, CLIENT, AuthenticationRequiredError([READ], claims=CLAIMS))
    assert dict(answer.headers)["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ('a "quote" and a \\', "a quote and a"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("Ä~ \x7f", "~"),
        ("x" * 600, "x" * 500),
    ],
)
def test_a_header_has_printable_text_only(text: str, expected: str) -> None:
    """Text of the authority must not end the parameter or the header (RFC 9110 section 5.6.4)."""
    assert header_text(text) == expected


@pytest.mark.parametrize(
    ("headers", "method", "path"),
    [
        ({"referer": "https://app.test/mount/page?a=b"}, "GET", "/mount/page?a=b"),
        ({"hx-current-url": "https://app.test/mount/x", "referer": "https://app.test/mount/y"}, "GET", "/mount/x"),
        ({"hx-current-url": "https://evil.test/x", "referer": "https://app.test/mount/y"}, "GET", "/mount/y"),
        ({"referer": "https://app.test/mount"}, "GET", "/mount/"),
        ({"referer": "https://app.test/mountain"}, "GET", "/mount/"),
        ({"referer": "https://app.test/other"}, "GET", "/mount/"),
        ({"referer": "https://evil.test/https://app.test/mount/"}, "GET", "/mount/"),
        ({}, "POST", "/mount/"),
    ],
)
def test_a_script_returns_to_its_page(
    site: Site, headers: dict[str, str], method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that sent the request, if it is one of this site."""
    found: list[Any] = []
    monkeypatch.setattr(
        _challenge.SignInLinks, "url", lambda _, request_facts, request: found.append(request) or "/login"
    )
    request = facts(
        "/mount/api",
        headers={**SCRIPT, **headers},
        method=method,
        root_url="https://app.test/mount",
        root_path="/mount",
    )
    answer = site.run(site.challenge(request, AuthenticationRequiredError([READ], claims=CLAIMS)))
    assert (answer.status, json.loads(answer.body)["login_url"]) == (401, "/login")
    assert found == [SignInRequest(path, (READ,), CLAIMS)]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/page?a=b"), ("HEAD", "/page?a=b"), ("POST", "/form"), ("PUT", "/form")]
)
def test_a_browser_returns_to_a_page_that_it_can_open(site: Site, method: str, path: str) -> None:
    """A form is not sent a second time: its browser returns to the page with the form."""
    request = facts("/page", query="a=b", method=method, headers={"referer": "https://app.test/form"})
    answer = site.run(site.challenge(request, AuthenticationRequiredError([READ])))
    [cookie] = answer.cookies
    client_id = site.settings.client_id
    pending = PendingCookies(KeyRing(SECRET_KEY), client_id, is_secure=True)._open(cookie.name, cookie.value)
    assert pending is not None
    assert pending.next_path == path
