"""Programs that a flow runs: on the calling thread, or while the event loop goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from subprocess import Popen
from typing import TYPE_CHECKING, Any, TypeVar

from webidentity._protocol.effects import Completed, Run

if TYPE_CHECKING:
    from asyncio.subprocess import Process

T = TypeVar("T")

#: Characters of a program's output that are kept; a token has a few thousand.
_KEPT = 1 << 20
#: Seconds after its end that a program of Windows is waited for.
_GRACE = 1.0


def run_program(run: Run) -> Completed:
    """Run the program while this thread waits.

    :raises TimeoutError: it took too long, and was killed with all that it started.
    :raises OSError: it could not be started.
    """
    if sys.platform.startswith("win"):
        # Killing the shell of az.cmd leaves the Python that it started, which holds the pipe; check_output would wait
        # for that one to end.
        limit = None if run.timeout is None else run.timeout + _GRACE
        return _wait_at_most(limit, partial(_check_output, run))
    return _check_output(run)


def _check_output(run: Run) -> Completed:
    try:
        output = subprocess.check_output(  # noqa: S603 - no shell, and arguments that the flow has checked
            list(run.argv),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=run.folder,
            env=dict(run.environment),
            timeout=run.timeout,
            encoding="utf-8",
            errors="replace",
            **_session(),
        )
        return Completed(0, _text(output), "")
    except subprocess.CalledProcessError as error:
        return Completed(error.returncode, _text(error.stdout), _text(error.stderr))
    except subprocess.TimeoutExpired as error:
        _kill_group_of(error)
    except BaseException as error:
        _kill_group_of(error)
        raise
    # Not where it was caught: that error has what the program printed.
    raise TimeoutError


async def arun_program(run: Run) -> Completed:
    """Run the program while the event loop goes on; cancelling the caller kills it.

    :raises TimeoutError: it took too long, and was killed with all that it started.
    :raises OSError: it could not be started.
    """
    import asyncio

    from webidentity._transport.threads import on_thread

    starting = asyncio.ensure_future(_start(run))
    try:
        process = await asyncio.shield(starting)
    except RuntimeError:
        # Windows' selector loop (NotImplementedError is a RuntimeError), or no child watcher: this loop cannot run
        # programs, a thread can.
        return await on_thread(partial(run_program, run))
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await _stop(await starting)
        raise
    try:
        async with asyncio.timeout(run.timeout):
            stdout, stderr = await process.communicate()
    except BaseException:
        await _stop(process)
        raise
    code = process.returncode or 0
    return Completed(code, _text(stdout), _text(stderr) if code else "")


async def _start(run: Run) -> "Process":
    import asyncio

    return await asyncio.create_subprocess_exec(
        *run.argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=run.folder,
        env=dict(run.environment),
        **_session(),
    )


async def _stop(process: "Process") -> None:
    """Kill the process and all that it started, close the pipes and wait for its end."""
    if sys.platform.startswith("win"):
        from webidentity._transport.threads import on_thread

        await on_thread(partial(_kill_tree, process.pid))
    else:
        _kill_group(process.pid)
    # Who left the group may still hold the pipes: asyncio would wait for it, and has no public way not to.
    transport: Any = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    await process.wait()


def _session() -> dict[str, Any]:
    """A session of its own makes the program the leader of a group, which can be killed as a whole."""
    return {} if sys.platform.startswith("win") else {"start_new_session": True}


def _kill_group_of(error: BaseException) -> None:
    """Kill what is left of the group whose leader check_output has killed.

    check_output tells nobody which process it runs, so it is looked up where the error came through.
    """
    if sys.platform.startswith("win"):
        return
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in list(frame.f_locals.values()):
            if isinstance(value, Popen):
                _kill_group(value.pid)
                return


def _kill_group(leader: int) -> None:
    # macOS refuses when only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _kill_tree(process: int) -> None:
    """Kill a process of Windows and its descendants."""
    program = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 - an absolute path and a number
            [program, "/F", "/T", "/PID", str(process)], capture_output=True, timeout=5, check=False
        )


def _wait_at_most(seconds: float | None, call: Callable[[], T]) -> T:
    """Return what the call returns.

    :raises TimeoutError: it is not done by then; its thread ends when it will.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            outcome.set_exception(error)

    threading.Thread(target=work, name="webidentity-program", daemon=True).start()
    return outcome.result(seconds)


def _text(output: Any) -> str:
    """Return the text: of bytes, as asyncio has them, or of text, as check_output has it."""
    if isinstance(output, bytes):
        output = output.decode("utf-8", "replace").replace("\r\n", "\n")
    return output[:_KEPT] if isinstance(output, str) else ""
