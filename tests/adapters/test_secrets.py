"""Logs, pages, reprs and the variables on debug pages contain no secret."""

import logging
from typing import Any

import pytest
from django.core.handlers import exception as django_handler
from django.views.debug import ExceptionReporter
from flask import Flask

from tests.kit.clock import Clock
from tests.kit.sites import MakeSite, Site


def test_the_logs_of_everything_have_no_secret(site: Site, clock: Clock) -> None:
    """Sign-in, refresh, on-behalf-of, a replay, and sign-out, with every logger at DEBUG."""
    browser = site.browser()
    back = browser.authorize(browser.get("/files"))
    browser.get(back)
    browser.get(back)
    browser.get("/async/files")
    clock.advance(4000)
    browser.get("/files")
    site.api("/files", site.world.access_token())
    browser.post("/auth/sign-out")
    names = {record.name.partition(".")[0] for record in site.log.records}
    assert "azure" in names
    assert len(site.log.records) > 10
    assert len(site.world.secrets) > 20
    site.assert_discreet()


def test_a_secret_in_a_log_would_be_found(site: Site) -> None:
    """The scenario above can fail."""
    browser = site.browser()
    browser.sign_in(path="/files")
    code = next(request.form["code"] for request in site.world.transport.requests if "code" in request.form)
    logging.getLogger("application").debug("redeemed %s", code)
    with pytest.raises(AssertionError, match="secrets in"):
        site.assert_discreet()
    site.log.records.clear()


class Reports:
    """Debug pages, with the variables of every frame from the guard on, as Django renders them with DEBUG = True."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def add(self, error: BaseException, request: Any = None) -> None:
        frames = error.__traceback__
        while frames and "integrations" not in frames.tb_frame.f_code.co_filename:
            frames = frames.tb_next
        self.pages.append(ExceptionReporter(request, type(error), error, frames).get_traceback_html())


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    """Collects the debug page of each exception that a framework would have shown one for."""
    logging.getLogger("django.template").setLevel(logging.INFO)
    collected = Reports()

    def from_django(request: Any, resolver: Any, exc_info: Any) -> Any:
        collected.add(exc_info[1], request)
        return original_django(request, resolver, exc_info)

    def from_flask(app: Flask, error: Exception) -> Any:
        collected.add(error)
        return original_flask(app, error)

    original_django, original_flask = django_handler.handle_uncaught_exception, Flask.handle_exception
    monkeypatch.setattr(django_handler, "handle_uncaught_exception", from_django)
    monkeypatch.setattr(Flask, "handle_exception", from_flask)
    return collected


def test_the_debug_page_of_a_crash_shows_no_secret(site: Site, reports: Reports) -> None:
    """A guarded view has a token, a credential and an identity among its variables."""
    browser = site.browser()
    browser.sign_in(path="/files")
    assert browser.get("/crash").status == 500
    assert site.api("/crash", site.world.access_token()).status == 500
    assert len(reports.pages) == 2
    for page in reports.pages:
        assert "ZeroDivisionError" in page
        assert "&lt;Identity: " in page
        assert site.world.secrets.found_in(page) == []


@pytest.mark.parametrize("path", ["/graph", "/async/graph"])
@pytest.mark.parametrize("trouble", ["unreachable", "wrong secret"])
def test_the_page_of_a_failed_token_request_shows_no_secret(
    build: MakeSite, reports: Reports, clock: Clock, path: str, trouble: str
) -> None:
    """The request contains the client secret and the refresh token, or the client's token."""
    site = build()
    site.world.consent()
    site.world.tenant.grant_consent(site.world.ada, site.world.web, site.world.tenant.graph, ["User.Read"])
    browser = site.browser()
    browser.sign_in(path="/files")
    assert browser.get(path).status == 200
    clock.advance(4000)
    token = site.world.access_token()
    assert site.api("/me", token).status == 200
    call = site.call
    if trouble == "unreachable":
        site.world.transport.is_cut = True
    else:
        wrong = build(settings={"client_secret": "not-the-secret-of-the-application"})
        site.world.secrets.add("not-the-secret-of-the-application")
        browser.call = call = wrong.call
    replies = [browser.get(path), call("GET", f"https://app.test{path}", {"Authorization": f"Bearer {token}"}, b"")]
    # The site answers both itself, without a debug page.
    assert [reply.status for reply in replies] == [502 if trouble == "wrong secret" else 503] * 2
    assert reports.pages == []
    assert [site.world.secrets.found_in(reply.text) for reply in replies] == [[], []]


@pytest.mark.parametrize("member", ["correlation_id", "error", "suberror", "error_description", "trace_id"])
def test_what_the_authority_says_about_a_user_is_not_passed_on(site: Site, clock: Clock, member: str) -> None:
    """Each text of a refusal may name the user, or forge a line of the log. It reaches no page, client or log."""
    browser = site.browser()
    browser.sign_in(path="/files")
    token = site.world.access_token()
    assert site.api("/me", token).status == 200
    clock.advance(4000)
    token = site.world.access_token()
    hostile = "00000000-0000\nforged line: admin signed in as canary.user@tenant.test"

    def refuse(reply: dict[str, Any]) -> None:
        reply.clear()
        reply.update({"error": "invalid_request", "error_description": "Refused.", member: hostile})

    site.world.transport.tamper = refuse
    back = site.browser()
    answer = back.authorize(back.get("/me"))
    replies = [browser.get("/files"), browser.get("/graph"), site.api("/files", token), back.get(answer)]
    assert [reply.status for reply in replies] == [502, 502, 502, 502 if member == "error" else 400]
    for text in [*(f"{reply.text} {reply.fields}" for reply in replies), *site.log.texts()]:
        assert "canary.user" not in text
        assert "\nforged line" not in text
