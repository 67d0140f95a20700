"""The lock file beside a shared cache: it exists while one program writes."""

import os
import re
import stat
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

#: Seconds that one running program may hold the lock while others wait.
HOLDER_TIMEOUT = 5.0
#: Seconds after which a waiting program looks whether the holder still runs.
GONE_TIMEOUT = 1.0
#: Seconds after which a lock file without a lock of the operating system is abandoned, whatever it says: its process ID
#: may belong to another program by now.
ABANDONED_AFTER = 60.0
#: Seconds to wait in total while other programs acquire the lock in turns.
TOTAL_TIMEOUT = 60.0
_INTERVAL = 0.005


@contextmanager
def lock_file(path: str) -> Generator[None]:
    """Hold the lock that msal-extensions' ``CrossPlatLock`` holds, with a file of the same name and content.

    ``CrossPlatLock`` itself tries again only every 250 ms and gives up after five seconds, even if the lock was
    released and acquired by other programs all the time. A program that writes often starves the others that way. It
    also gives up if the program that created the file was killed. Here such a file is taken over.

    :raises TimeoutError: one program has held the lock for :data:`HOLDER_TIMEOUT`, or others acquired it in turns for
        :data:`TOTAL_TIMEOUT`.
    :raises OSError: the file cannot be created.
    """
    descriptor = _acquire(path)
    try:
        yield
    finally:
        _release(path, descriptor)


def _acquire(path: str) -> int:
    """Return the descriptor of the lock file, which has a lock of the operating system until it is closed."""
    began = held_since = time.monotonic()
    holder: tuple[int, int] | None = None
    while (descriptor := _create(path)) is None:
        now, found = time.monotonic(), _holder(path)
        if found is not None and found != holder:
            holder, held_since = found, now
        if now - held_since >= min(GONE_TIMEOUT, HOLDER_TIMEOUT):
            descriptor = _take_over(path, now - held_since)
            if descriptor is not None:
                return descriptor
        if now - held_since >= HOLDER_TIMEOUT:
            raise TimeoutError(f"one program has held the lock for {HOLDER_TIMEOUT:g} seconds")
        if now - began >= TOTAL_TIMEOUT:
            raise TimeoutError(f"other programs have used the lock for {TOTAL_TIMEOUT:g} seconds")
        time.sleep(_INTERVAL)
    return descriptor


def _create(path: str) -> int | None:
    """Create the lock file; None if another program holds the lock."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        return None
    except PermissionError:
        # Windows refuses to create a file that is being deleted.
        if os.name != "nt":
            raise
        return None
    _lock(descriptor)
    _sign(descriptor)
    return descriptor


def _release(path: str, descriptor: int) -> None:
    # Windows does not remove a file that is open. Elsewhere, the file is removed while its lock is held.
    if os.name == "nt":
        os.close(descriptor)
    # The work is done. If the file stays, the next program takes it over.
    with suppress(OSError):
        os.remove(path)
    if os.name != "nt":
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    """Write which program holds the lock."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {sys.argv[0] if sys.argv else ''}".encode())


def _holder(path: str) -> tuple[int, int] | None:
    """Return what distinguishes this holder's file from the next one's; None if the lock was released."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _take_over(path: str, waited: float) -> int | None:
    """Return the descriptor of a lock file whose program does not run any more; None if it may run.

    :param waited: for how long the file has not changed, in seconds.
    """
    if os.name == "nt":
        # A program that keeps the file open keeps it from being removed.
        with suppress(OSError):
            if time.time() - os.stat(path).st_mtime > ABANDONED_AFTER:
                os.remove(path)
        return None
    try:
        # A link may name any file of the user, and the file is overwritten.
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        # The lock is for the file that was opened. Another program may have taken over, removed or replaced it.
        if _lock(descriptor) and _is_abandoned(descriptor, waited):
            opened, current = os.fstat(descriptor), os.lstat(path)
            if os.path.samestat(opened, current):
                _sign(descriptor)
                return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    """Acquire the lock of the operating system, which ends with the process. False if another program has it.

    msal-extensions with portalocker and MSAL for .NET acquire it too; msal-extensions without portalocker does not.
    """
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # It is held, or the file system does not support it.
        return False
    return True


def _is_abandoned(descriptor: int, waited: float) -> bool:
    """Return whether the program that created the file is gone. It has no lock of the operating system."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        # It is not a lock file.
        return False
    if time.time() - found.st_mtime > ABANDONED_AFTER:
        return True
    process = re.match(rb"[1-9]\d{0,9}(?=\s|$)", os.pread(descriptor, 32, 0))
    if process is None:
        # It was killed before it wrote its ID.
        return waited >= HOLDER_TIMEOUT
    try:
        os.kill(int(process[0]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        # It is another user's, or not a process ID.
        return False
    return False
