"""Fixtures that every test can use."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.clock import Clock
from tests.kit.drivers import Driver, open_driver
from tests.kit.joined_callers import AllJoined, until_joined
from tests.kit.loopback import only_loopback
from tests.kit.programs import programs
from tests.kit.shared_cache import Home, LockClock
from tests.kit.wording import wrong_messages

# A deadline per example would measure the load of the machine and not the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# pytest-django has read the settings. The programs that tests start have their own.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)

# The fixture is defined in tests/kit/programs.py, beside its class.
__all__ = ["programs"]


@pytest.fixture(scope="session", autouse=True)
def _this_machine_only() -> Iterator[None]:
    """Block connections to other machines in every test."""
    with only_loopback():
        yield


#: Prefixes of the environment variables that credentials read.
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
    """Remove the developer's own Azure and proxy settings from the environment."""
    for name in list(os.environ):
        if name.upper().startswith(_READ):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _worded_with_care() -> Iterator[None]:
    """Fail a test during which a log line or an error ended in ". " or contained two full stops."""
    with wrong_messages() as found:
        yield
    assert not found, found


@pytest.fixture(params=["sync", "aio"])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """Run the test once with the sync driver and once with the async driver."""
    with open_driver(request.param) as face:
        yield face


@pytest.fixture
def all_joined(monkeypatch: pytest.MonkeyPatch) -> AllJoined:
    """``all_joined(64)`` returns a function that waits until 64 callers share one acquisition."""
    return lambda callers: until_joined(callers, monkeypatch)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home folder, where no program has a cached account."""
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
    """A clock under the control of the test, in place of ``time.time``."""
    turned = Clock()
    monkeypatch.setattr(time, "time", turned)
    return turned


@pytest.fixture
def naps(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The durations that flows slept, in seconds. Only ``clock`` advances; the test does not wait."""
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
