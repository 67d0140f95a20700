"""Sessions and their entries in the token cache: how long they last, what ends them, and how many there are."""

import contextlib
import time
from dataclasses import replace

import pytest

from tests.kit.clock import Clock
from tests.kit.session_application import ADA, CLAIMS, CLIENT, INTERVAL, LIFETIME, MAX_AGE, TENANT, Application, run
from webidentity import AuthenticationRecord
from webidentity._protocol.effects import Call
from webidentity.web._identity import Principal
from webidentity.web._session_state import SessionState


def test_a_session_that_is_used_is_extended(app: Application, clock: Clock) -> None:
    """The store is written once in a tenth of the lifetime, so that most requests just read."""
    state = app.start()
    writes = app.store.writes
    clock.advance(LIFETIME / 10)
    assert app.find(state) == CLAIMS
    assert app.store.writes == writes
    clock.advance(1)
    assert app.find(state) == CLAIMS
    assert app.find(state) == CLAIMS
    assert app.store.writes == writes + 1
    clock.advance(LIFETIME)
    assert app.find(state) == CLAIMS
    clock.advance(LIFETIME + 1)
    assert app.find(state) is None


def test_a_session_that_is_used_ends_at_its_maximum_age(app: Application, clock: Clock) -> None:
    """Also if it was extended a moment before."""
    state = app.start()
    for _ in range(MAX_AGE // LIFETIME):
        clock.advance(LIFETIME)
        assert app.find(state) == CLAIMS
    clock.advance(1)
    assert app.find(state) is None


def test_a_session_is_found_while_the_store_cannot_be_written(app: Application, clock: Clock) -> None:
    """It is extended later."""
    state = app.start()
    clock.advance(LIFETIME / 2)
    app.store.refuses_writes = True
    assert app.find(state) == CLAIMS


def test_a_session_that_ends_while_it_is_extended_stays_ended(app: Application, clock: Clock) -> None:
    """The user signs out in another tab at the same time."""
    state, other = app.start(), app.start()
    clock.advance(LIFETIME / 2)
    flow = app.sessions.find(state)
    load = next(flow)
    assert isinstance(load, Call)
    update = flow.send(load.function())
    assert isinstance(update, Call)
    run(app.sessions.end(state))
    with contextlib.suppress(StopIteration):
        while True:
            update = flow.send(update.function())
    assert app.find(state) is None
    assert app.find(other) == CLAIMS


def test_a_view_cannot_change_the_claims_of_a_session(app: Application) -> None:
    """The next request finds them as they were verified."""
    state = app.start()
    found = app.find(state)
    assert found is not None
    found["roles"].append("Admin")
    assert app.find(state) == CLAIMS


def test_a_new_session_removes_expired_ones(app: Application, clock: Clock) -> None:
    """And the one that it replaces, but no other."""
    expired = app.start()
    clock.advance(LIFETIME / 2)
    replaced, other = app.start(), app.start()
    clock.advance(LIFETIME / 2 + 1)
    started = app.start(replaced=replaced)
    assert expired.entry not in app.entries()
    assert set(app.entries()) == {other.entry, started.entry}
    assert app.find(replaced) is None


def test_a_session_belongs_to_one_account(app: Application) -> None:
    """Whatever the username is: it may change."""
    state = app.start()
    renamed = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "lovelace@tenant.test")
    grace = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"grace.{TENANT}", "ada@tenant.test")
    assert (state.is_of(renamed), state.is_of(grace)) == (True, False)


def test_the_claims_of_a_session_do_not_bind_it_to_its_request(app: Application) -> None:
    """The nonce and the hashes are of no use after the sign-in."""
    begun = app.sessions.begin(ADA, {**CLAIMS, "nonce": "n", "at_hash": "a", "c_hash": "c"})
    run(app.cache.update(app.partition, begun.enter, expires_at=time.time() + 60, now=time.time()))
    assert app.find(begun.state) == CLAIMS


def test_the_last_session_takes_the_tokens_with_it(app: Application) -> None:
    """As long as there is another session, the tokens stay."""
    first, second = app.start(), app.start()
    assert run(app.sessions.end(first)) == CLAIMS
    assert app.find(first) is None
    assert app.has_tokens()
    assert run(app.sessions.end(second)) == CLAIMS
    assert not app.has_tokens()


def test_expired_sessions_keep_no_tokens(app: Application, clock: Clock) -> None:
    """A session that was not ended does not keep the tokens of a user who signed out."""
    app.start()
    clock.advance(LIFETIME + 1)
    last = app.start()
    cached = app.cache.peek(app.partition)
    assert cached is not None
    stale = {**app.entries()[last.entry], "seen": time.time() - LIFETIME - 1}
    run(
        app.cache.update(
            app.partition,
            lambda document: document.sessions.update({"stale": stale}),
            expires_at=time.time() + 60,
            now=time.time(),
        )
    )
    run(app.sessions.end(last))
    assert not app.has_tokens()


def test_a_session_that_is_over_ends_without_a_write(app: Application) -> None:
    """A second sign-out has no effect on the user's other sessions."""
    first, second = app.start(), app.start()
    run(app.sessions.end(first))
    writes = app.store.writes
    assert run(app.sessions.end(first)) == {}
    assert app.store.writes == writes
    assert app.find(second) == CLAIMS


def test_an_account_is_checked_once_in_an_interval(app: Application, clock: Clock) -> None:
    """Counted from the sign-in, then from the last check."""
    state = app.start()
    clock.advance(INTERVAL - 1)
    assert not app.is_checked(state)
    clock.advance(2)
    assert app.is_checked(state)


def test_an_account_of_an_unknown_session_is_not_checked(app: Application, clock: Clock) -> None:
    """The session has ended, or belongs to another application."""
    state = app.start()
    clock.advance(INTERVAL + 1)
    others = AuthenticationRecord(TENANT, "another", "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
    assert not app.is_checked(SessionState(others, state.handle))
    assert not app.is_checked(SessionState(ADA, "another-handle"))
    assert not Application().is_checked(state)


def test_tokens_are_kept_only_while_there_is_a_session(app: Application) -> None:
    """A token that arrives after the sign-out would outlive it."""
    may_keep = app.sessions.user_tokens.may_keep
    assert may_keep is not None
    state = app.start()
    cached = app.cache.peek(app.partition)
    assert cached is not None
    assert may_keep(cached.document)
    run(app.sessions.end(state))
    cached = app.cache.peek(app.partition)
    assert cached is not None
    assert not may_keep(cached.document)


def test_the_repr_of_a_session_shows_no_account(app: Application) -> None:
    """A log record or a traceback may contain it."""
    begun = app.sessions.begin(ADA, CLAIMS)
    for shown in (repr(begun), repr(begun.state), repr(Principal(ADA, CLAIMS, is_bearer=False))):
        assert "tenant.test" not in shown
        assert begun.state.handle not in shown


def test_a_user_has_at_most_fifty_sessions(app: Application, clock: Clock) -> None:
    """The oldest session ends when the fifty-first starts; the others stay."""
    states = []
    for _ in range(50):
        states.append(app.start())
        clock.advance(1)
    assert all(app.find(state) == CLAIMS for state in states)
    states.append(app.start())
    assert app.find(states[0]) is None
    assert all(app.find(state) == CLAIMS for state in states[1:])


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"authority": "login.example.com"}])
def test_a_session_of_another_application_or_authority_is_not_found(app: Application, change: dict[str, str]) -> None:
    """The tenant resolver does not know it."""
    state = app.start()
    other = SessionState(replace(ADA, **change), state.handle)
    assert app.find(other) is None
    assert run(app.sessions.end(other)) == {}
    assert app.find(state) == CLAIMS


def test_a_check_of_the_account_is_due_after_an_interval(app: Application, clock: Clock) -> None:
    """Before that, a request of the session does not even look whether it is."""
    state = app.start()
    for seconds, is_due in ((0, False), (INTERVAL, False), (1, True)):
        clock.advance(seconds)
        found = run(app.sessions.find(state))
        assert found is not None
        assert found.is_due is is_due
