"""The threads of requests and of flows in the background."""

import subprocess
import sys
import threading
import time
from concurrent.futures import wait

import pytest

from webidentity._transport.threads import DaemonThreads

_PROGRAM = """
import threading
from webidentity._transport.threads import AUTHORITY, BACKGROUND

AUTHORITY.submit(threading.Event().wait)
stored = threading.Event()
BACKGROUND.submit(lambda: (stored.wait(0.3), print("stored", flush=True)))
"""


def test_calls_share_the_threads() -> None:
    """There are no more threads than allowed, and all calls are made."""
    threads, seen, release = DaemonThreads("test", 2), set[int](), threading.Event()

    def call() -> str:
        release.wait(10)
        seen.add(threading.get_ident())
        return "done"

    calls = [threads.submit(call) for _ in range(8)]
    release.set()
    assert [each.result(10) for each in calls] == ["done"] * 8
    assert 1 <= len(seen) <= 2
    assert threads.wait(10)
    assert threads.submit(lambda: "again").result(10) == "again"


def test_an_error_reaches_the_caller() -> None:
    """The thread goes on."""
    threads = DaemonThreads("test", 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(10)
    assert threads.submit(lambda: "next").result(10) == "next"


def test_a_full_queue_takes_no_calls() -> None:
    """The future is cancelled at once. When there is room again, calls are made."""
    threads, started, release = DaemonThreads("test", 1, longest_queue=1), threading.Event(), threading.Event()
    running = threads.submit(lambda: (started.set(), release.wait(10)))
    assert started.wait(10)
    waiting = threads.submit(lambda: "waiting")
    assert threads.submit(lambda: "too many").cancelled()
    release.set()
    wait([running, waiting], 10)
    assert waiting.result() == "waiting"
    assert threads.submit(lambda: "room").result(10) == "room"


def test_a_program_ends_without_waiting_for_the_authority() -> None:
    """A silent request is abandoned. A flow in the background is given a moment to store its reply."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "stored\n"
    assert done.stderr == ""
    assert time.monotonic() - began < 50
