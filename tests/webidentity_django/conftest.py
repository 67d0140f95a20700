"""A tenant for the Django project of the tests."""

import pytest

from tests.kit.world import World


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made
