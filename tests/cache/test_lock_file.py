"""The lock file beside a shared cache: who waits for whom, and for how long."""

import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import msal_extensions
import pytest

from tests.kit.shared_cache import LockClock
from webidentity.cache import _lock_file
from webidentity.cache._lock_file import HOLDER_TIMEOUT, TOTAL_TIMEOUT, lock_file


def acquired_by_another_program(path: Path, moment: int = 1) -> None:
    """Replace the lock file, as a release and an acquisition by the next program do."""
    path.unlink(missing_ok=True)
    path.touch()
    os.utime(path, ns=(moment, moment))


def test_the_file_exists_while_the_lock_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which program holds the lock, only its user can read it, and it is removed after an error too."""
    path = tmp_path / "lock"
    monkeypatch.setattr(sys, "argv", ["the-program", "an-argument"])

    def fail() -> None:
        with lock_file(str(path)):
            assert path.read_text() == f"{os.getpid()} the-program"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not path.exists()


def test_programs_that_use_msal_extensions_are_locked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock excludes programs that use msal-extensions, and theirs excludes this library."""
    path = str(tmp_path / "lock")
    moments = iter(range(100))
    with monkeypatch.context() as hurried, lock_file(path):
        hurried.setattr(time, "monotonic", lambda: float(next(moments)))
        hurried.setattr(time, "sleep", lambda _: None)
        with pytest.raises(msal_extensions.LockError):
            msal_extensions.CrossPlatLock(path).__enter__()
    monkeypatch.setattr(_lock_file, "HOLDER_TIMEOUT", 0.0)
    with msal_extensions.CrossPlatLock(path), pytest.raises(TimeoutError), lock_file(path):
        pass
    with lock_file(path):
        pass


def test_a_released_lock_is_acquired(tmp_path: Path, lock_clock: LockClock) -> None:
    """The next attempt acquires the lock."""
    path = tmp_path / "lock"
    acquired_by_another_program(path)
    lock_clock.meanwhile = path.unlink
    with lock_file(str(path)):
        assert path.exists()
    assert lock_clock.seconds < 0.1


def test_a_program_that_was_killed_is_not_waited_for_long(tmp_path: Path, lock_clock: LockClock) -> None:
    """Its lock file stays: removing it could take the lock from a program that is only slow."""
    path = tmp_path / "lock"
    acquired_by_another_program(path)
    with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
        pass
    assert HOLDER_TIMEOUT <= lock_clock.seconds < HOLDER_TIMEOUT + 0.1
    assert path.exists()


def test_programs_that_take_turns_are_waited_for(tmp_path: Path, lock_clock: LockClock) -> None:
    """Each of them holds the lock for a second, and this program gets it only after half a minute."""
    path = tmp_path / "lock"
    acquired_by_another_program(path)

    def meanwhile() -> None:
        if lock_clock.seconds > 30:
            path.unlink(missing_ok=True)
        else:
            acquired_by_another_program(path, moment=1 + int(lock_clock.seconds))

    lock_clock.meanwhile = meanwhile
    with lock_file(str(path)):
        assert 30 < lock_clock.seconds < 31


def test_waiting_for_programs_that_take_turns_ends(tmp_path: Path, lock_clock: LockClock) -> None:
    """A caller is never stuck."""
    path = tmp_path / "lock"
    acquired_by_another_program(path)
    lock_clock.meanwhile = lambda: acquired_by_another_program(path, moment=1 + int(lock_clock.seconds))
    with pytest.raises(TimeoutError, match="other programs"), lock_file(str(path)):
        pass
    assert TOTAL_TIMEOUT <= lock_clock.seconds < TOTAL_TIMEOUT + 0.1


def test_a_folder_that_does_not_exist_is_reported_at_once(tmp_path: Path, lock_clock: LockClock) -> None:
    """Waiting would not help."""
    with pytest.raises(FileNotFoundError), lock_file(str(tmp_path / "missing" / "lock")):
        pass
    assert lock_clock.seconds == 0


def test_a_file_that_windows_is_deleting_is_waited_for(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to create it until it is gone. On other systems the same error means a wrong folder."""
    path = tmp_path / "lock"
    refusals = [PermissionError(), PermissionError()]

    def refusing(*arguments: Any) -> int:
        if refusals:
            raise refusals.pop()
        return opened(*arguments)

    opened = os.open
    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(PermissionError), lock_file(str(path)):
        pass
    assert (len(refusals), lock_clock.seconds) == (1, 0)
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        lock = lock_file(str(path))
        lock.__enter__()
    assert path.stat().st_size > 0
    assert lock_clock.seconds > 0
    lock.__exit__(None, None, None)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open files cannot be counted here")
def test_the_file_does_not_stay_open(tmp_path: Path) -> None:
    """A long-running program would run out of file descriptors."""
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        with lock_file(str(tmp_path / "lock")):
            pass
    assert len(os.listdir("/dev/fd")) == before
