"""Fixtures of the whole suite."""

import time
from collections.abc import Iterator

import pytest

from tests.clock import Clock
from tests.drivers import Driver, open_driver
from tests.loopback import only_loopback


@pytest.fixture(scope="session", autouse=True)
def _this_machine_only() -> Iterator[None]:
    """No test reaches another machine, whatever it tries."""
    with only_loopback():
        yield


@pytest.fixture(autouse=True)
def _no_ambient_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own environment changes no outcome."""
    for name in (
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH",
        "AZURE_REGIONAL_AUTHORITY_NAME",
        "AZURE_TENANT_ID",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "REGION_NAME",
        "SYSTEM_OIDCREQUESTURI",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=["sync", "aio"])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The sync driver, then the async one: the test runs once with each."""
    with open_driver(request.param) as face:
        yield face


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the code under test reads."""
    turned = Clock()
    monkeypatch.setattr(time, "time", turned)
    return turned
