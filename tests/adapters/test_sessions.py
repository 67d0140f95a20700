"""The lifetime of sessions."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.kit.clock import Clock
from tests.kit.sites import MakeSite, Site


def test_an_unused_session_ends(build: MakeSite, clock: Clock) -> None:
    """A session that is used does not end before its maximum age."""
    site = build(settings={"session_lifetime": 1000, "session_max_age": 100_000})
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    for _ in range(5):
        clock.advance(900)
        assert browser.get("/me").status == 200
    clock.advance(1100)
    assert browser.get("/me").status == 302
    assert browser.get("/open").text == "anonymous"


def test_any_session_ends_at_its_maximum_age(build: MakeSite, clock: Clock) -> None:
    """A session ends at its maximum age even while it is in use, for every method."""
    site = build(settings={"session_lifetime": 1000, "session_max_age": 3000})
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    for _ in range(6):
        clock.advance(499)
        assert browser.get("/me").status == 200
    clock.advance(10)
    assert browser.get("/me").status == 302
    assert browser.post("/change").status == 200
    assert browser.get("/async/me").status == 302


def test_a_session_without_its_cache_entry_has_ended(site: Site, tmp_path: Path) -> None:
    """The user is anonymous for every view, and can sign in again."""
    browser = site.browser()
    browser.sign_in(path="/files")
    with contextlib.closing(sqlite3.connect(tmp_path / "tokens.sqlite3")) as database, database:
        [table] = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")][:1]
        database.execute(f"DELETE FROM {table}")
    for path in ("/me", "/files", "/async/files"):
        assert browser.get(path).status == 302
    assert browser.get("/open").text == "anonymous"
    assert browser.sign_in(path="/files").status == 200


def test_damaged_entries_count_as_missing(site: Site, tmp_path: Path) -> None:
    """Tampering with the store signs users out and causes no error."""
    browser = site.browser()
    browser.sign_in()
    with contextlib.closing(sqlite3.connect(tmp_path / "tokens.sqlite3")) as database, database:
        [table] = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")][:1]
        database.execute(f"UPDATE {table} SET value = x'01020304', version = version + 1")
    assert browser.get("/open").text == "anonymous"
    assert browser.get("/me").status == 302


def test_another_secret_key_ends_all_sessions(build: MakeSite) -> None:
    """The sessions end without an error, and a new sign-in works."""
    site = build()
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    browser.call = build(secret_key="quite-another-secret-key-0123456789-0123456789").call
    assert browser.get("/open").text == "anonymous"
    assert browser.get("/session").status == 200
    assert browser.sign_in(path="/files").status == 200


def test_a_fallback_of_the_secret_key_keeps_sessions_and_tokens(build: MakeSite) -> None:
    """Replacing SECRET_KEY ends no session and causes no token request."""
    old = build(secret_key="the-old-secret-key-0123456789-0123456789")
    old.world.consent()
    browser = old.browser()
    browser.sign_in(path="/files")
    asked = len(old.world.transport.requests)
    rotated = build(fallbacks=("the-old-secret-key-0123456789-0123456789",))
    browser.call = rotated.call
    assert browser.get("/files").json["oid"] == old.world.ada.object_id
    assert len(old.world.transport.requests) == asked


@pytest.mark.parametrize("settings", [{"client_id": "00000000-0000-0000-0000-00000000abcd"}, {"tenant_id": "x.test"}])
def test_a_session_of_another_application_is_ignored(build: MakeSite, settings: dict[str, str]) -> None:
    """Applications that share the secret key and the store do not share sessions."""
    site = build()
    site.world.consent()
    browser = site.browser()
    browser.sign_in()
    browser.call = build(settings=settings).call
    assert browser.get("/open").text == "anonymous"


def test_a_user_may_be_signed_in_in_two_browsers(site: Site) -> None:
    """Ending one session leaves the other its tokens."""
    desk, phone = site.browser(), site.browser()
    desk.sign_in(path="/files")
    phone.sign_in(path="/files")
    assert desk.post("/auth/sign-out").status == 200
    assert desk.get("/open").text == "anonymous"
    assert phone.get("/files").status == 200


def test_tokens_are_refreshed_during_the_session(site: Site, clock: Clock) -> None:
    """An access token is valid for one hour, the session longer."""
    browser = site.browser()
    browser.sign_in(path="/files")
    clock.advance(2 * 3600)
    assert browser.get("/files").json["same"] is True
    assert browser.get("/async/files").json["same"] is True


def test_a_revoked_user_signs_in_again(site: Site, clock: Clock) -> None:
    """The refresh token is refused, so the page asks for a sign-in instead of failing."""
    browser = site.browser()
    browser.sign_in(path="/files")
    site.world.tenant.revoke(site.world.ada)
    clock.advance(2 * 3600)
    assert browser.get("/files").status == 302
    assert browser.sign_in(path="/files").status == 200
