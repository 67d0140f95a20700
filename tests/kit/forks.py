"""Checks that run in a forked child process."""

import os
import threading
from collections.abc import Callable


def in_a_fork(check: Callable[[], object]) -> bool:
    """Run the check in a forked child and return what it returned; False if it hangs or raises."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            guard = threading.Timer(60, os._exit, [2])
            guard.daemon = True
            guard.start()
            status = 0 if check() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
