"""The sites of the scenarios. Each scenario runs once with every adapter."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.sites import KINDS, Log, MakeSite, Site, make_site
from tests.kit.world import World


@pytest.fixture
def world() -> World:
    """A tenant, its users and its applications."""
    return World()


@pytest.fixture
def log() -> Iterator[Log]:
    """All that is logged, by whomever."""
    handler, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture(params=KINDS)
def build(request: pytest.FixtureRequest, world: World, tmp_path: Path, log: Log) -> Iterator[MakeSite]:
    """Makes sites that share a token cache; when the test is over, none of them may have given a secret away."""
    made: list[Site] = []
    with contextlib.ExitStack() as stack:

        def make(**options: Any) -> Site:
            made.append(make_site(request.param, world, tmp_path, stack, log, **options))
            return made[-1]

        yield make
    for site in made:
        site.assert_discreet()


@pytest.fixture
def site(build: MakeSite) -> Site:
    """The site with its usual settings, whose users have consented to everything."""
    made = build()
    made.world.consent()
    return made
