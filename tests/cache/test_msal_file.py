"""One file that other programs write too: when it is read, and when its content in memory is used."""

import logging
import os
import time
from pathlib import Path

import pytest

from tests.kit.shared_cache import OPTIONS, Home, LockClock
from webidentity.cache import _lock_file
from webidentity.cache import _msal_file as module
from webidentity.cache._msal_file import MsalFile


@pytest.fixture
def file() -> MsalFile:
    """A program's view of the file."""
    return MsalFile(OPTIONS, ".nocae")


@pytest.fixture
def settled(home: Home) -> Path:
    """The file, written an hour ago."""
    home.write({"Unknown": 1})
    an_hour_ago = time.time_ns() - 3600 * 10**9
    os.utime(home.file(), ns=(an_hour_ago, an_hour_ago))
    return home.file()


def test_a_write_of_another_program_is_seen_under_the_lock(home: Home, settled: Path, file: MsalFile) -> None:
    """Otherwise the next write would remove what the other program has written."""
    file.read()
    home.write({"Unknown": 2})
    with file.locked() as snapshot:
        assert snapshot.content == {"Unknown": 2}


def test_two_writes_at_the_same_time_are_told_apart(home: Home, file: MsalFile) -> None:
    """A file system may record one time for both. The content of a new file is therefore read again under the lock."""
    home.write({"Unknown": 1})
    file.read()
    before = home.file().stat()
    home.write({"Unknown": 2})
    os.utime(home.file(), ns=(before.st_mtime_ns, before.st_mtime_ns))
    with file.locked() as snapshot:
        assert snapshot.content == {"Unknown": 2}


def test_an_unchanged_file_is_not_read_under_the_lock(
    settled: Path, file: MsalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other programs wait for the lock meanwhile, and a large cache takes long to parse."""
    known = file.read()
    monkeypatch.setattr(module, "parse_object", lambda text: pytest.fail("parsed"))
    with file.locked() as snapshot:
        assert snapshot is known


def test_a_complete_file_is_read_without_the_lock(settled: Path, file: MsalFile, lock_clock: LockClock) -> None:
    """A program that only reads does not wait for one that writes."""
    Path(f"{settled}.lockfile").touch()
    assert file.read().content == {"Unknown": 1}
    assert lock_clock.seconds == 0


def test_an_incomplete_file_is_ignored_while_its_lock_is_held(
    settled: Path, file: MsalFile, lock_clock: LockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Perhaps the program that was writing it was killed. The reader waits for a limited time, and fails in no case."""
    settled.write_text('{"Unknown"')
    Path(f"{settled}.lockfile").touch()
    assert file.read().damaged
    assert _lock_file.HOLDER_TIMEOUT <= lock_clock.seconds < _lock_file.TOTAL_TIMEOUT
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_bytes_that_are_not_text_are_damage(settled: Path, file: MsalFile) -> None:
    """They are kept beside the new file, for the user."""
    settled.write_bytes(b"\xff\xfe\x00")
    with file.locked() as snapshot:
        assert (snapshot.damaged, snapshot.content) == (True, {})
        file.write({"Unknown": 3}, over=snapshot)
    assert file.read().content == {"Unknown": 3}
    (aside,) = settled.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"\xff\xfe\x00"


def test_damage_that_a_writer_finds_is_reported(
    settled: Path, file: MsalFile, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, by the program that finds it first under the lock."""
    settled.write_text("damaged")
    for _ in range(2):
        with file.locked():
            pass
    assert ["is damaged" in record.getMessage() for record in caplog.records] == [True]


def test_a_file_that_cannot_be_read_is_reported_once(
    settled: Path, file: MsalFile, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each outage, not for every token."""
    for outage in (1, 2):
        settled.unlink()
        settled.mkdir()
        for _ in range(3):
            file.read()
        assert len(caplog.records) == outage
        settled.rmdir()
        settled.write_text("{}")
        file.read()
