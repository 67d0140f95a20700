"""Fixtures of the credentials' tests."""

from pathlib import Path

import pytest

from tests.kit.credential_kinds import Maker
from tests.kit.drivers import Driver


@pytest.fixture
def make(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes credentials of any class, for the sync driver and then for the async one."""
    return Maker(driver, tmp_path, monkeypatch)
