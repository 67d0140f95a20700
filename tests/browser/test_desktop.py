"""Tests of InteractiveBrowserCredential with a real browser, a tenant on a socket and the credential's own listener."""

import queue
import threading
import webbrowser
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.kit.visitor import ADA
from webidentity import EntraError, InteractiveBrowserCredential
from webidentity.testing import LocalTenant, serve

READ = "https://graph.microsoft.com/User.Read"


@pytest.fixture
def tenant() -> Iterator[LocalTenant]:
    """A tenant with one user, served on a local socket."""
    tenant = LocalTenant()
    tenant.add_user(ADA.username, password=ADA.password, name=ADA.name)
    with serve(tenant):
        yield tenant


class Program:
    """A program that acquires a token in a background thread. The test visits the pages that it opens."""

    def __init__(self, tenant: LocalTenant, monkeypatch: pytest.MonkeyPatch) -> None:
        app = tenant.add_app("Desktop program", public_client=True, redirect_uris=["http://localhost"])
        self._pages: queue.Queue[str] = queue.Queue()
        monkeypatch.setattr(webbrowser, "open", self._open)
        self._credential = InteractiveBrowserCredential(
            client_id=app.client_id, tenant_id=tenant.tenant_id, authority=tenant.base_url, timeout=60
        )
        self._outcome: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def page(self) -> str:
        """Return the URL that the program opened."""
        return self._pages.get(timeout=20)

    def outcome(self) -> Any:
        """Wait for the program and return the token or the error."""
        self._thread.join(20)
        self._credential.close()
        return self._outcome

    def _open(self, url: str) -> bool:
        self._pages.put(url)
        return True

    def _run(self) -> None:
        try:
            self._outcome = self._credential.get_token(READ)
        except Exception as error:
            self._outcome = error


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sign_in_to_a_program(page: Page, tenant: LocalTenant, monkeypatch: pytest.MonkeyPatch, scheme: Any) -> None:
    """The final page names the user, and its URL contains no authorization code."""
    page.emulate_media(color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    program = Program(tenant, monkeypatch)
    page.goto(program.page())
    page.get_by_label("Username").fill(ADA.username)
    page.get_by_label("Password").fill(ADA.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Signed in", exact=True)).to_be_visible()
    expect(page.get_by_text(f"You are signed in as {ADA.username}.")).to_be_visible()
    expect(page.get_by_text("You can close this window and return to the program.")).to_be_visible()
    assert "code" not in page.url
    assert problems == []
    assert program.outcome().token.count(".") == 2


def test_declined_sign_in(page: Page, tenant: LocalTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser shows an error page, and the credential raises an error."""
    program = Program(tenant, monkeypatch)
    page.goto(program.page())
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Sign-in failed", exact=True)).to_be_visible()
    expect(page.get_by_text("AADSTS65004")).to_be_visible()
    error = program.outcome()
    assert isinstance(error, EntraError)
    assert error.error == "access_denied"
