"""What the framework's session holds of a sign-in."""

import json
from typing import Any

import pytest

from webidentity import AuthenticationRecord
from webidentity.web import StartSession
from webidentity.web._session_state import SessionState

RECORD = AuthenticationRecord("t" * 36, "c" * 36, "login.microsoftonline.com", f"{'o' * 36}.{'t' * 36}", "a" * 113)
STATE = SessionState(RECORD, "h" * 43)


def test_a_state_is_read_as_it_was_written() -> None:
    """Frameworks store it as JSON."""
    assert SessionState.read(json.loads(json.dumps(STATE.to_json()))) == STATE


def test_a_state_is_small_for_the_longest_username() -> None:
    """User principal names in Entra have at most 113 characters."""
    assert len(json.dumps(STATE.to_json())) < 600


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        5,
        [],
        {},
        {"record": RECORD.serialize()},
        {"handle": "h"},
        {"record": RECORD.serialize(), "handle": ""},
        {"record": RECORD.serialize(), "handle": 5},
        {"record": "{}", "handle": "h"},
        {"record": {"version": "1.0"}, "handle": "h"},
        {"record": RECORD.serialize().replace("1.0", "2.0"), "handle": "h"},
    ],
)
def test_any_other_value_is_not_a_session(value: Any) -> None:
    """It may come from an earlier version, or from the application itself."""
    assert SessionState.read(value) is None


def test_the_handle_is_in_no_repr() -> None:
    """It is the secret of the session, and debug pages print the state."""
    assert "hhh" not in repr(STATE)
    assert "hhh" not in repr(StartSession(STATE.to_json(), same_user=True))
    assert "hhh" not in STATE.entry
