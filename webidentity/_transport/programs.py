"""Running programs for a flow: on the calling thread, or without blocking the event loop."""

import contextlib
import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from webidentity._protocol.effects import Completed, Run

if TYPE_CHECKING:
    from asyncio.subprocess import Process

#: Characters of a program's output that are kept; a token has a few thousand.
_KEPT = 1 << 20
#: Seconds to wait for the end of a program that has been killed.
_GRACE = 5.0


def run_program(run: Run) -> Completed:
    """Run the program and block this thread until it ends.

    :raises TimeoutError: it took too long, and was killed with all processes that it started.
    :raises OSError: it could not be started.
    """
    process = subprocess.Popen(  # noqa: S603 - no shell, and arguments that the flow has checked
        list(run.argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=run.folder,
        env=dict(run.environment),
        start_new_session=_has_process_groups(),
    )
    try:
        stdout, stderr = process.communicate(timeout=run.timeout)
    except subprocess.TimeoutExpired:
        _end(process)
    except BaseException:
        _end(process)
        raise
    else:
        return _completed(process.returncode, stdout, stderr)
    # Not raised in the except clause: the caught error has the program's output.
    raise TimeoutError


async def arun_program(run: Run) -> Completed:
    """Run the program without blocking the event loop; cancelling the task kills the program.

    :raises TimeoutError: it took too long, and was killed with all processes that it started.
    :raises OSError: it could not be started.
    """
    import asyncio

    from webidentity._transport.threads import on_thread

    starting = asyncio.ensure_future(_start(run))
    try:
        process = await asyncio.shield(starting)
    except RuntimeError:
        # This loop cannot run programs, but a thread can: Windows' selector loop raises NotImplementedError, which is a
        # RuntimeError, and so does a loop without a child watcher.
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
    return _completed(process.returncode or 0, stdout, stderr)


async def _start(run: Run) -> "Process":
    import asyncio

    return await asyncio.create_subprocess_exec(
        *run.argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=run.folder,
        env=dict(run.environment),
        start_new_session=_has_process_groups(),
    )


async def _stop(process: "Process") -> None:
    """Kill the process and all processes that it started, close the pipes and wait for its end."""
    if sys.platform.startswith("win"):
        from webidentity._transport.threads import on_thread

        await on_thread(partial(_kill_tree, process.pid))
    else:
        _kill_group(process.pid)
    # A process that has left the group may still hold the pipes. asyncio would wait for it, and closing the transport
    # is the only way to prevent that.
    transport: Any = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    await process.wait()


def _has_process_groups() -> bool:
    """Whether a program can be made the leader of a process group, which can be killed as a whole."""
    return not sys.platform.startswith("win")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and all processes that it started, close the pipes and wait for its end."""
    if sys.platform.startswith("win"):
        # The pipes are left to the threads of Popen.communicate, which close them: closing one here would block for as
        # long as a process that was not killed holds it.
        _kill_tree(process.pid)
        process.kill()
    else:
        _kill_group(process.pid)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)


def _kill_group(leader: int) -> None:
    # macOS raises PermissionError if only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _kill_tree(process: int) -> None:
    """Kill a Windows process and its descendants, such as the Python that the shell of az.cmd started."""
    program = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 - an absolute path and a number
            [program, "/F", "/T", "/PID", str(process)], capture_output=True, timeout=5, check=False
        )


def _completed(code: int, stdout: bytes, stderr: bytes) -> Completed:
    return Completed(code, _text(stdout), _text(stderr) if code else "")


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace").replace("\r\n", "\n")[:_KEPT]
