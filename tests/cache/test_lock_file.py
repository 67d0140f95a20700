"""The lock file beside a shared cache: which program waits for which, and for how long."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msal_extensions
import pytest

from tests.kit.shared_cache import LockClock
from webidentity.cache import _lock_file
from webidentity.cache._lock_file import ABANDONED_AFTER, GONE_TIMEOUT, HOLDER_TIMEOUT, TOTAL_TIMEOUT, lock_file


def held_by(path: Path, process: int) -> None:
    """Write the lock file as msal-extensions does."""
    path.write_text(f"{process} program")


def acquired_by_another_program(path: Path, second: int = 0, *, began: float | None = None) -> None:
    """Replace the lock file, as a release and an acquisition by the next running program do.

    :param second: when, after ``began`` (Unix seconds, now by default).
    """
    path.unlink(missing_ok=True)
    held_by(path, os.getpid())
    moment = (time.time() if began is None else began) + second
    os.utime(path, (moment, moment))


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


@pytest.mark.skipif(os.name == "nt", reason="Windows has other locks")
def test_the_file_has_a_lock_of_the_operating_system(tmp_path: Path) -> None:
    """Programs that look for it do not take the file over, however old it is. It ends with this program."""
    import fcntl

    path = tmp_path / "lock"
    with lock_file(str(path)), path.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


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


#: Programs that acquire the lock and say so. They hold it until they are killed.
OURS = """
import sys
from webidentity.cache._lock_file import lock_file
with lock_file(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
#: As azure-identity does.
MSAL = """
import sys
from msal_extensions import CrossPlatLock
with CrossPlatLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def program(source: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program that holds the lock."""
    command = [sys.executable, "-c", source, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "held\n"
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize("source", [OURS, MSAL], ids=["ours", "msal-extensions"])
def test_the_lock_of_a_killed_program_is_taken_over(tmp_path: Path, lock_clock: LockClock, source: str) -> None:
    """After a second, and not after each token again."""
    path = tmp_path / "lock"
    with program(source, path) as running:
        os.kill(running.pid, signal.SIGKILL)
    assert path.exists()
    with lock_file(str(path)):
        assert path.read_text().startswith(f"{os.getpid()} ")
    assert GONE_TIMEOUT <= lock_clock.seconds < GONE_TIMEOUT + 0.1
    assert not path.exists()


@pytest.mark.parametrize("source", [OURS, MSAL], ids=["ours", "msal-extensions"])
def test_the_lock_of_a_running_program_is_not_taken_over(tmp_path: Path, lock_clock: LockClock, source: str) -> None:
    """It may only be slow, for example because the user has to unlock the keychain."""
    path = tmp_path / "lock"
    with program(source, path) as running:
        with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
            pass
        assert path.read_text().startswith(f"{running.pid} ")
    assert HOLDER_TIMEOUT <= lock_clock.seconds < HOLDER_TIMEOUT + 0.1


def test_the_lock_of_a_running_program_without_locks_of_the_operating_system_is_not_taken_over(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """msal-extensions without portalocker acquires none. Its process ID says that it runs; it receives no signal."""
    asked: set[tuple[int, int]] = set()
    monkeypatch.setattr("os.kill", lambda process, signal: asked.add((process, signal)))
    path = tmp_path / "lock"
    held_by(path, 1_234_567_890)
    with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
        pass
    assert asked == {(1_234_567_890, 0)}


def test_a_lock_that_is_taken_over_names_its_new_program_only(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the earlier program may have been longer."""
    monkeypatch.setattr(sys, "argv", ["the-program"])
    path = tmp_path / "lock"
    path.write_text(f"999999999 {'x' * 100}")
    with lock_file(str(path)):
        assert path.read_text() == f"{os.getpid()} the-program"


def test_a_lock_of_the_operating_system_counts_more_than_the_age_and_the_content(
    tmp_path: Path, lock_clock: LockClock
) -> None:
    """The program may be suspended, or run in another container: its process ID means nothing here."""
    path = tmp_path / "lock"
    with program(OURS, path):
        path.write_text("999999999 program")
        os.utime(path, (1, 1))
        with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
            pass


def test_an_old_lock_is_taken_over_although_its_process_id_is_in_use(tmp_path: Path, lock_clock: LockClock) -> None:
    """After a restart of the machine or of a container, another program has the ID."""
    path = tmp_path / "lock"
    held_by(path, os.getpid())
    then = time.time() - ABANDONED_AFTER - 1
    os.utime(path, (then, then))
    with lock_file(str(path)):
        assert lock_clock.seconds < GONE_TIMEOUT + 0.1


@pytest.mark.parametrize("content", ["", "no number", "-1 program", "0 program", "123x"])
def test_a_lock_that_names_no_program_is_taken_over_later(tmp_path: Path, lock_clock: LockClock, content: str) -> None:
    """The program was killed before it wrote its process ID."""
    path = tmp_path / "lock"
    path.write_text(content)
    with lock_file(str(path)):
        pass
    assert HOLDER_TIMEOUT <= lock_clock.seconds < HOLDER_TIMEOUT + 0.1


def test_without_locks_of_the_operating_system_nothing_is_taken_over(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems do not support them: the program may run on another machine."""
    path = tmp_path / "lock"
    held_by(path, 999_999_999)

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unsupported)
    with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
        pass
    path.unlink()
    with lock_file(str(path)):
        assert path.exists()


def test_one_of_several_programs_takes_the_lock_over(tmp_path: Path) -> None:
    """The others wait for it. Each adds one to a number, which only works if they do so one after the other."""
    path, number = tmp_path / "lock", tmp_path / "number"
    held_by(path, 999_999_999)
    number.write_text("0")
    add = """
import sys
from pathlib import Path
from webidentity.cache._lock_file import lock_file
for _ in range(20):
    with lock_file(sys.argv[1]):
        number = Path(sys.argv[2])
        number.write_text(str(int(number.read_text()) + 1))
"""
    programs = [subprocess.Popen([sys.executable, "-c", add, str(path), str(number)]) for _ in range(4)]
    assert [each.wait(60) for each in programs] == [0] * 4
    assert number.read_text() == "80"
    assert not path.exists()


def test_programs_that_take_turns_are_waited_for(tmp_path: Path, lock_clock: LockClock) -> None:
    """Each of them holds the lock for a second, and this program gets it only after half a minute."""
    path, began = tmp_path / "lock", time.time()
    acquired_by_another_program(path, began=began)

    def meanwhile() -> None:
        if lock_clock.seconds > 30:
            path.unlink(missing_ok=True)
        else:
            acquired_by_another_program(path, int(lock_clock.seconds), began=began)

    lock_clock.meanwhile = meanwhile
    with lock_file(str(path)):
        assert 30 < lock_clock.seconds < 31


def test_waiting_for_programs_that_take_turns_ends(tmp_path: Path, lock_clock: LockClock) -> None:
    """A caller is never stuck."""
    path, began = tmp_path / "lock", time.time()
    acquired_by_another_program(path, began=began)
    lock_clock.meanwhile = lambda: acquired_by_another_program(path, int(lock_clock.seconds), began=began)
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


def test_an_abandoned_file_is_removed_on_windows(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that a running program holds is open, and cannot be removed there. A recent one stays in any case."""
    path = tmp_path / "lock"
    for age, is_removed in ((ABANDONED_AFTER - 30, False), (ABANDONED_AFTER + 1, True)):
        held_by(path, 999_999_999)
        then = time.time() - age
        os.utime(path, (then, then))
        with monkeypatch.context() as windows:
            windows.setattr(os, "name", "nt")
            taken = _lock_file._take_over(os.fspath(path), 1.0)
        assert (taken, path.exists()) == (None, not is_removed)


def test_a_file_that_was_replaced_is_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock would be for the earlier file, and another program has the new one."""
    path = tmp_path / "lock"
    held_by(path, 999_999_999)

    def replace_meanwhile(*_: object) -> bool:
        path.rename(tmp_path / "earlier")
        held_by(path, os.getpid())
        return True

    monkeypatch.setattr(_lock_file, "_is_abandoned", replace_meanwhile)
    assert _lock_file._take_over(str(path), 1.0) is None
    assert path.read_text().startswith(f"{os.getpid()} ")


def test_the_lock_of_another_users_program_is_not_taken_over(
    tmp_path: Path, lock_clock: LockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system does not allow signals to it, so it is running."""
    path = tmp_path / "lock"
    held_by(path, 1)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(TimeoutError, match="one program"), lock_file(str(path)):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows removes an abandoned file instead of writing to it")
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_only_a_regular_file_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A link in the place of the lock file must not have another file of the user truncated."""
    path, precious = tmp_path / "lock", tmp_path / "precious"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(precious)
    if kind == "link":
        precious.write_text("precious")
        os.utime(precious, (1, 1))
    if kind in {"pipe", "folder"}:
        os.utime(path, (1, 1))
    moments = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(moments)))
    with pytest.raises(TimeoutError), lock_file(str(path)):
        pass
    assert os.path.lexists(path)
    assert precious.exists() == (kind == "link")
    assert kind != "link" or precious.read_text() == "precious"
