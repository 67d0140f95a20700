"""The answers to a sign-in that fails: each has its status, its error for programs, and a way on."""

import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from tests.kit.request_facts import facts
from webidentity.cache import KeyRing
from webidentity.errors import EntraError
from webidentity.web import Answer, Routes
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._pending import PendingSignIn
from webidentity.web._sign_in_links import SignInLinks, SignInRequest

LINKS = SignInLinks(["a-secret-key"], KeyRing("a-secret-key"), Routes)
PENDING = PendingSignIn("https://app.test/auth/callback", "/page?q=1", ("openid", "a"), '{"id_token":{}}', 1)
REQUEST = SignInRequest(PENDING.next_path, PENDING.scopes, PENDING.claims)
BROWSER = facts("/mount/auth/callback", root_path="/mount")
PROGRAM = facts("/mount/auth/callback", root_path="/mount", headers={"accept": "application/json"})


def pages(program: bool = False) -> CallbackPages:
    return CallbackPages(PROGRAM if program else BROWSER, LINKS)


def refused(**values: Any) -> Callable[[CallbackPages], Answer]:
    return lambda pages: pages.refused_by_authority(EntraError("failed", **values), PENDING)


def ended(error: str, *codes: int) -> Callable[[CallbackPages], Answer]:
    return lambda pages: pages.ended_at_authority(error, codes, PENDING)


@pytest.mark.parametrize(
    ("page", "status", "error"),
    [
        (CallbackPages.wrong_method, 405, "method_not_allowed"),
        (CallbackPages.malformed, 400, "invalid_response"),
        (lambda pages: pages.not_found(None), 400, "sign_in_not_found"),
        (CallbackPages.expired, 400, "sign_in_expired"),
        (CallbackPages.used_before, 400, "sign_in_replayed"),
        (lambda pages: pages.signed_in_already(None), 400, "sign_in_replayed"),
        (lambda pages: pages.not_granted("access_denied", PENDING), 403, "access_denied"),
        (lambda pages: pages.temporarily_unavailable(PENDING), 503, "temporarily_unavailable"),
        (ended("temporarily_unavailable"), 503, "temporarily_unavailable"),
        (ended("access_denied", 90094), 403, "approval_required"),
        (ended("access_denied"), 403, "access_denied"),
        (ended("access_denied", 65004), 403, "access_denied"),
        (ended("access_denied", 65004, 50105), 400, "sign_in_failed"),
        (ended("server_error", 65004), 400, "sign_in_failed"),
        (lambda pages: pages.not_acceptable("the reason"), 403, "sign_in_refused"),
        (refused(error="temporarily_unavailable"), 503, "temporarily_unavailable"),
        (refused(error="invalid_grant"), 400, "sign_in_failed"),
        (refused(), 502, "sign_in_failed"),
        (lambda pages: pages.authority_unreachable(PENDING, 7), 503, "authority_unreachable"),
    ],
)
def test_each_failure_has_a_status_and_an_error(
    page: Callable[[CallbackPages], Answer], status: int, error: str
) -> None:
    """As a page with a title, and as JSON with the name of the error. None of them starts or ends a session."""
    shown, sent = page(pages()), page(pages(program=True))
    assert (shown.status, sent.status) == (status, status)
    assert (shown.session, sent.session) == (None, None)
    assert "<h1>" in shown.body
    content = json.loads(sent.body)
    assert content["error"] == error
    assert unescape(shown.body).count(content["message"].partition(". ")[0]) == 2


@pytest.mark.parametrize(
    ("page", "seconds"),
    [
        (lambda pages: pages.temporarily_unavailable(PENDING), "5"),
        (lambda pages: pages.authority_unreachable(PENDING, 7), "7"),
    ],
)
def test_a_transient_failure_says_when_to_try_again(page: Callable[[CallbackPages], Answer], seconds: str) -> None:
    """In seconds, next to the headers that protect the page."""
    headers = dict(page(pages()).headers)
    assert headers["Retry-After"] == seconds
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "page",
    [
        lambda pages: pages.not_granted("access_denied", PENDING),
        lambda pages: pages.temporarily_unavailable(PENDING),
        lambda pages: pages.authority_unreachable(PENDING, 7),
        ended("access_denied", 90094),
        ended("access_denied"),
        ended("server_error"),
        refused(error="invalid_grant"),
    ],
)
def test_the_button_repeats_the_request(page: Callable[[CallbackPages], Answer]) -> None:
    """With the same page, scopes and claims."""
    queries = [part.partition('"')[0] for part in unescape(page(pages()).body).split('href="/mount/auth/sign-in?')[1:]]
    opened = [LINKS.open(facts("/auth/sign-in", query=query)) for query in queries]
    assert [link.request for link in opened if link] == [REQUEST]


def test_a_failure_without_a_request_offers_a_plain_sign_in() -> None:
    """The page to return to is in the link if it is known."""
    assert 'href="/mount/auth/sign-in"' in pages().malformed().body
    assert 'href="/mount/auth/sign-in?next=%2Fpage"' in pages().not_found("/page").body
    assert 'href="/page"' in pages().signed_in_already("/page").body
    assert 'href="/mount/"' in pages().signed_in_already(None).body
    assert 'href="/mount/"' in pages().not_granted("access_denied", PENDING).body


@pytest.mark.parametrize(
    ("page", "detail"),
    [
        (ended("server_error", 50105), "Error: server_error, AADSTS50105. The user is not assigned"),
        (ended("access_denied", 90095), "Error: AADSTS90095"),
        (lambda pages: pages.not_acceptable("the reason"), "Reason: the reason"),
        (refused(error="invalid_grant", error_codes=(70008,)), "Error: AADSTS70008. "),
        (refused(error="invalid_grant"), "Error: invalid_grant. "),
        (refused(), "Error: unknown. "),
    ],
)
def test_the_details_are_for_the_administrator(page: Callable[[CallbackPages], Answer], detail: str) -> None:
    """The codes that Microsoft's documentation explains."""
    assert json.loads(page(pages(program=True)).body)["detail"].startswith(detail)


def test_the_correlation_id_is_in_the_details() -> None:
    """Microsoft's support asks for it."""
    answer = refused(error="invalid_grant", correlation_id="the-id")(pages(program=True))
    assert "the-id" in json.loads(answer.body)["detail"]


def test_a_callback_by_another_method_names_the_right_one() -> None:
    """RFC 9110 section 15.5.6."""
    assert dict(pages().wrong_method().headers)["Allow"] == "GET"
