"""Django, configured as for the scenarios of both adapters."""

import pytest

from tests.kit.django_settings import configure_django
from tests.kit.world import World

configure_django()


@pytest.fixture
def world() -> World:
    """A tenant whose users have consented to everything."""
    made = World()
    made.consent()
    return made
