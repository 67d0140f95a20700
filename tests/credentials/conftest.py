"""Fixtures for the tests of the credentials."""

from pathlib import Path

import pytest

from tests.kit.credential_kinds import Maker
from tests.kit.drivers import Driver


@pytest.fixture
def make(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes credentials of any class, once for the sync and once for the async driver."""
    return Maker(driver, tmp_path, monkeypatch)
