"""The lock file beside a shared cache: it exists while one program writes."""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

#: Seconds that one program may hold the lock before it counts as killed.
HOLDER_TIMEOUT = 5.0
#: Seconds to wait in total while other programs acquire the lock in turns.
TOTAL_TIMEOUT = 60.0
_INTERVAL = 0.005


@contextmanager
def lock_file(path: str) -> Generator[None]:
    """Hold the lock that msal-extensions' ``CrossPlatLock`` holds, with a file of the same name and content.

    ``CrossPlatLock`` itself tries again only every 250 ms and gives up after five seconds, even if the lock was
    released and acquired by other programs all the time. A program that writes often starves the others that way.

    :raises TimeoutError: one program has held the lock for :data:`HOLDER_TIMEOUT`, or others acquired it in turns for
        :data:`TOTAL_TIMEOUT`.
    :raises OSError: the file cannot be created.
    """
    _acquire(path)
    try:
        yield
    finally:
        # The work is done. If the file stays, the next program reports it.
        with suppress(OSError):
            os.remove(path)


def _acquire(path: str) -> None:
    began = held_since = time.monotonic()
    holder: tuple[int, int] | None = None
    while not _create(path):
        now, found = time.monotonic(), _holder(path)
        if found is not None and found != holder:
            holder, held_since = found, now
        if now - held_since >= HOLDER_TIMEOUT:
            raise TimeoutError(f"one program has held the lock for {HOLDER_TIMEOUT:g} seconds")
        if now - began >= TOTAL_TIMEOUT:
            raise TimeoutError(f"other programs have used the lock for {TOTAL_TIMEOUT:g} seconds")
        time.sleep(_INTERVAL)


def _create(path: str) -> bool:
    """Create the lock file; False if another program holds the lock."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    except PermissionError:
        # Windows refuses to create a file that is being deleted.
        if os.name != "nt":
            raise
        return False
    try:
        # For the person who finds the file: the lock works without its content.
        with suppress(OSError):
            os.write(descriptor, f"{os.getpid()} {sys.argv[0] if sys.argv else ''}".encode())
    finally:
        os.close(descriptor)
    return True


def _holder(path: str) -> tuple[int, int] | None:
    """Return what distinguishes this holder's file from the next one's; None if the lock was released."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
