"""The scene of a soak: a hundred users, four sites in real servers, and an authority that can fail."""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit.faulty_authority import FaultyAuthority
from tests.kit.site_servers import ServedSite, served_sites, site_listeners, url_of
from tests.kit.world import PASSWORD, World
from tests.soak.measurements import Measurements
from tests.soak.walker import Walker
from webidentity.testing import User

#: Lifetimes of access tokens, in seconds. They are renewed before each use, soon beside a request, and not at all.
_LIFETIMES = (8, 310, 3600)


@dataclass(frozen=True)
class Scenario:
    """Who and what takes part."""

    seed: str
    world: World
    users: list[User]
    authority: FaultyAuthority
    sites: list[ServedSite]
    measurements: Measurements

    def add_user(self, name: str) -> User:
        """Add a user to the tenant, who has consented."""
        user = self.world.tenant.add_user(f"{name}@tenant.test", password=PASSWORD, name=name)
        self.world.consent(user)
        return user

    def walkers(self, count: int, pause: float) -> list[Walker]:
        """Return walkers at all sites."""
        return [
            Walker(
                self.sites[number % len(self.sites)],
                self.world,
                self.measurements,
                self.users,
                random.Random(f"{self.seed}-{number}"),
                pause,
            )
            for number in range(count)
        ]

    def tracebacks(self) -> list[str]:
        """Return the last lines of the tracebacks that the servers logged."""
        found = []
        for site in self.sites:
            lines = site.log.read_text(errors="replace").splitlines()
            for number, line in enumerate(lines):
                if line.startswith("Traceback"):
                    last = next((text for text in lines[number + 1 :] if text and not text.startswith(" ")), "")
                    found.append(f"{site.kind}: {last}")
        return found


@contextlib.contextmanager
def open_scenario(
    folder: Path, *, seed: str, users: int = 100, share: float = 0.02, **settings: Any
) -> Iterator[Scenario]:
    """Start the servers.

    :param share: the share of the authority's replies that have a fault.
    :param settings: settings of webidentity.
    """
    with site_listeners() as listeners:
        world = World([url_of(listener) for listener in listeners.values()])
        world.tenant.grant_admin_consent(world.web, world.tenant.graph, ["User.Read"])
        with (
            FaultyAuthority(world.tenant, seed=seed, share=share, lifetimes=_LIFETIMES) as authority,
            served_sites(world, listeners, folder, **settings) as sites,
        ):
            scenario = Scenario(seed, world, [], authority, sites, Measurements())
            scenario.users.extend(scenario.add_user(f"user{number}") for number in range(users))
            yield scenario
