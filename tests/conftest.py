"""Fixtures of the whole suite."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.clock import Clock
from tests.kit.drivers import Driver, open_driver
from tests.kit.loopback import only_loopback
from tests.kit.programs import programs
from tests.kit.shared_cache import Home, LockClock

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

#: A fixture that is defined beside its class.
__all__ = ["programs"]


@pytest.fixture(scope="session", autouse=True)
def _this_machine_only() -> Iterator[None]:
    """No test reaches another machine, whatever it tries."""
    with only_loopback():
        yield


#: Variables that credentials read, by their beginnings.
_READ = (
    "AZURE_",
    "IDENTITY_",
    "IMDS_",
    "MSI_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REGION_NAME",
    "SYSTEM_OIDCREQUESTURI",
)


@pytest.fixture(autouse=True)
def _no_ambient_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own environment changes no outcome."""
    for name in list(os.environ):
        if name.upper().startswith(_READ):
            monkeypatch.delenv(name)


@pytest.fixture(params=["sync", "aio"])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The sync driver, then the async one: the test runs once with each."""
    with open_driver(request.param) as face:
        yield face


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder in which nobody has signed in yet."""
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def lock_clock(monkeypatch: pytest.MonkeyPatch) -> LockClock:
    """The clock by which the shared cache waits for its lock."""
    turned = LockClock()
    monkeypatch.setattr("webidentity.cache._lock_file.time", turned)
    return turned


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the code under test reads."""
    turned = Clock()
    monkeypatch.setattr(time, "time", turned)
    return turned


@pytest.fixture
def naps(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which flows slept: they pass on the clock alone."""
    slept: list[float] = []

    def nap(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    async def anap(seconds: float) -> None:
        nap(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("webidentity._transport.driver.sleep", nap)
    monkeypatch.setattr("webidentity._transport.driver.asleep", anap)
    return slept
