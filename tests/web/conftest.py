"""Fixtures of the tests of sessions."""

import pytest

from tests.kit.clock import Clock
from tests.kit.session_application import Application


@pytest.fixture
def app(clock: Clock) -> Application:
    """An application while the time stands still."""
    clock.stop()
    return Application()
