"""Sessions that wait until the user confirms the change of the account."""

import pytest

from tests.kit.clock import Clock
from tests.kit.session_application import CLAIMS, LIFETIME, MAX_AGE, TENANT, Application, run
from webidentity import AuthenticationRecord
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import WAITING_LIFETIME


def test_a_session_that_waits_is_valid_when_it_is_confirmed(app: Application, clock: Clock) -> None:
    """Once, and its maximum age counts from then. It leads to the page that was asked for."""
    waiting = app.start(waits_for="/page")
    other = app.start()
    assert app.find(waiting) is None
    clock.advance(WAITING_LIFETIME - 1)
    assert run(app.sessions.confirm(waiting)) == "/page"
    assert app.find(waiting) == CLAIMS
    assert run(app.sessions.confirm(waiting)) is None
    assert run(app.sessions.confirm(other)) is None
    for _ in range(MAX_AGE // LIFETIME):
        clock.advance(LIFETIME)
        assert app.find(waiting) == CLAIMS
    clock.advance(1)
    assert app.find(waiting) is None


def test_a_session_is_confirmed_once(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two requests at the same time, the second one finds nothing that waits."""
    waiting = app.start(waits_for="/page")
    save, first = app.store.save, list[str | None]()

    def save_later(key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        monkeypatch.setattr(app.store, "save", save)
        first.append(run(app.sessions.confirm(waiting)))
        return save(key, value, expected=expected, expires_at=expires_at)

    monkeypatch.setattr(app.store, "save", save_later)
    assert run(app.sessions.confirm(waiting)) is None
    assert first == ["/page"]


def test_a_session_that_waits_too_long_is_over(app: Application, clock: Clock) -> None:
    """The user has left the page, perhaps for another person."""
    waiting = app.start(waits_for="/page")
    clock.advance(WAITING_LIFETIME + 1)
    assert run(app.sessions.confirm(waiting)) is None
    assert app.find(waiting) is None
    app.start()
    assert waiting.entry not in app.entries()


def test_one_session_waits_at_a_time(app: Application, clock: Clock) -> None:
    """Of one account. Sessions that wait are not counted with those that are valid."""
    states = [app.start() for _ in range(50)]
    clock.advance(1)
    earlier, latest = app.start(waits_for="/earlier"), app.start(waits_for="/latest")
    assert all(app.find(state) for state in states)
    assert run(app.sessions.confirm(earlier)) is None
    assert run(app.sessions.confirm(latest)) == "/latest"
    assert sum(app.find(state) is not None for state in states) == 49, "a confirmed session counts"
    assert app.find(latest) == CLAIMS


def test_a_sign_in_leaves_a_session_that_waits(app: Application) -> None:
    """The user may still decide."""
    waiting = app.start(waits_for="/page")
    app.start()
    assert run(app.sessions.confirm(waiting)) == "/page"


def test_a_session_that_waits_keeps_no_tokens(app: Application) -> None:
    """It ends with the last valid session, and stays while there is another one."""
    first, second = app.start(), app.start()
    waiting = app.start(waits_for="/page")
    run(app.sessions.end(first))
    assert app.has_tokens()
    assert waiting.entry in app.entries()
    run(app.sessions.end(second))
    assert not app.has_tokens()
    assert app.entries() == {}
    assert run(app.sessions.confirm(waiting)) is None


def test_a_session_of_another_application_is_not_confirmed(app: Application) -> None:
    """Its record names another client."""
    waiting = app.start(waits_for="/page")
    others = AuthenticationRecord(TENANT, "another", "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
    assert run(app.sessions.confirm(SessionState(others, waiting.handle))) is None
    assert run(app.sessions.confirm(waiting)) == "/page"
