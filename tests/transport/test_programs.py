"""Programs that flows run: how they end, and that nothing is left of them."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.drivers import Driver, open_driver
from tests.kit.programs import Programs, is_reaped, is_running, soon
from webidentity._protocol.effects import Completed, Flow, Run
from webidentity._transport import programs as transport
from webidentity._transport.driver import AsyncDriver

ENVIRONMENT = {"KEPT": "yes"}


def run_of(program: Any, *arguments: str, timeout: float | None = 20) -> Run:
    return Run((str(program), *arguments), ENVIRONMENT, "/", timeout)


def flow_of(run: Run) -> Flow[Any]:
    return (yield run)


async def _unused(request: Any, **options: Any) -> Any:
    raise AssertionError


def gone(programs: Programs) -> None:
    """Wait until nothing is left of the first run, nor of what it started."""
    (run,) = programs.runs
    assert is_reaped(run.pid)
    assert run.child is None or soon(lambda: not is_running(run.child) or None)


def test_what_a_program_prints_comes_back(driver: Driver, programs: Programs) -> None:
    """As text; the program has no input, the given environment and folder, and its arguments as they are."""
    program = programs.install("tool", "printed ü\r\nline\n", "warned")
    completed = driver.run(flow_of(run_of(program, "a b", "$(c)", "")))
    assert completed == Completed(0, "printed ü\nline\n", "")
    (run,) = programs.runs
    assert run.arguments == ["a b", "$(c)", ""]
    assert (run.folder, run.input) == ("/", "0")
    assert run.environment["KEPT"] == "yes"
    assert run.environment.get("PATH") != os.environ["PATH"]
    gone(programs)


def test_a_failure_has_both_outputs(driver: Driver, programs: Programs) -> None:
    """And its code."""
    program = programs.install("tool", "out", "err", code=3)
    assert driver.run(flow_of(run_of(program))) == Completed(3, "out", "err")


def test_a_killed_program_has_a_code_too(driver: Driver, programs: Programs) -> None:
    """It has not succeeded."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    assert driver.run(flow_of(run_of(program))).returncode == -9


def test_output_that_is_no_text_is_no_error(driver: Driver, programs: Programs) -> None:
    """What cannot be decoded is replaced."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\nprintf 'a\\377b'\n")
    program.chmod(0o755)
    assert driver.run(flow_of(run_of(program))).stdout == "a\ufffdb"


def test_endless_output_is_cut(driver: Driver, programs: Programs) -> None:
    """Nobody reads more."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\n/usr/bin/head -c 3000000 /dev/zero\n")
    program.chmod(0o755)
    assert len(driver.run(flow_of(run_of(program))).stdout) == 1 << 20


def test_output_is_not_shown() -> None:
    """It has the token."""
    assert "canary" not in repr(Completed(0, "canary", "canary"))


def test_a_program_that_is_not_there_is_an_error_at_the_yield(driver: Driver, programs: Programs) -> None:
    """As one that is no program."""
    (programs.folder / "text").write_text("no program")
    for name in ("missing", "text"):
        with pytest.raises(OSError, match=r"missing|text"):
            driver.run(flow_of(run_of(programs.folder / name)))


@pytest.mark.parametrize("child", [False, True], ids=["alone", "with a child"])
def test_a_program_that_takes_too_long_is_killed(driver: Driver, programs: Programs, child: bool) -> None:
    """And reaped, with the process that it started, though that one holds its pipes."""
    program = programs.install("tool", seconds=60, child=child)
    began = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        driver.run(flow_of(run_of(program, timeout=1)))
    assert time.monotonic() - began < 20
    assert not isinstance(caught.value.__context__, subprocess.SubprocessError), "it has what was printed"
    gone(programs)


def test_a_child_that_keeps_the_pipes_is_killed_in_the_end(driver: Driver, programs: Programs) -> None:
    """The program itself is done, its output is not."""
    program = programs.install("tool", "printed", child=True)
    with pytest.raises(TimeoutError):
        driver.run(flow_of(run_of(program, timeout=1)))
    gone(programs)


def test_who_has_left_the_group_is_not_waited_for(driver: Driver, programs: Programs) -> None:
    """A daemon that still has the pipes: it is not this call's to kill, nor to wait for."""
    program = programs.folder / "tool"
    daemon = programs.folder / "daemon"
    leave = (
        "import os, time; os.setsid(); "
        f'open("{daemon}.part", "w").write(str(os.getpid())); os.rename("{daemon}.part", "{daemon}"); time.sleep(60)'
    )
    program.write_text(f"#!/bin/sh\n{sys.executable} -c '{leave}' &\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(TimeoutError):
        driver.run(flow_of(run_of(program, timeout=3)))
    pid = int(daemon.read_text())
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)


def test_no_timeout_is_no_limit(driver: Driver, programs: Programs) -> None:
    """None, as for subprocess."""
    assert driver.run(flow_of(run_of(programs.install("tool", "x"), timeout=None))).stdout == "x"


def test_an_interrupt_kills_the_program(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C does not reach it by itself: it is in a session of its own."""
    program = programs.install("tool", seconds=60, child=True)
    communicate = subprocess.Popen.communicate

    def interrupted(self: Any, *args: Any, **kwargs: Any) -> Any:
        programs.wait_for_run()
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with open_driver("sync") as driver, pytest.raises(KeyboardInterrupt):
        driver.run(flow_of(run_of(program)))
    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
    gone(programs)


def cancelled_after(run: Run, wait: Any) -> None:
    """Cancel the run once ``wait`` has returned, in a loop that goes on for a moment."""

    async def main() -> None:
        task = asyncio.create_task(AsyncDriver(_unused).run(flow_of(run)))
        await wait(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_cancelled_task_kills_the_program(programs: Programs) -> None:
    """With what it started."""

    async def until_it_runs(task: Any) -> None:
        await asyncio.to_thread(programs.wait_for_run)

    cancelled_after(run_of(programs.install("tool", seconds=60, child=True)), until_it_runs)
    gone(programs)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5])
def test_a_task_may_be_cancelled_while_the_program_starts(programs: Programs, steps: int) -> None:
    """At any moment of it: nothing is left."""
    pids: list[int] = []
    create = asyncio.create_subprocess_exec

    async def noted(*args: Any, **kwargs: Any) -> Any:
        process = await create(*args, **kwargs)
        pids.append(process.pid)
        return process

    async def some_steps(task: Any) -> None:
        for _ in range(steps):
            await asyncio.sleep(0)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asyncio, "create_subprocess_exec", noted)
        cancelled_after(run_of(programs.install("tool", seconds=60)), some_steps)
    assert all(is_reaped(pid) for pid in pids)


@pytest.mark.parametrize("error", [NotImplementedError(), RuntimeError("the child watcher is not activated")])
def test_a_loop_that_cannot_run_programs_leaves_it_to_a_thread(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """With the same arguments, environment, folder and timeout."""

    async def refuse(*args: Any, **kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    program = programs.install("tool", "printed")
    with open_driver("aio") as driver:
        assert driver.run(flow_of(run_of(program, "argument"))).stdout == "printed"
        slow = programs.install("slow", seconds=60)
        with pytest.raises(TimeoutError):
            driver.run(flow_of(run_of(slow, timeout=0.3)))
    first = programs.runs[0]
    assert (first.arguments, first.folder, first.environment["KEPT"]) == (["argument"], "/", "yes")
    assert soon(lambda: all(is_reaped(run.pid) for run in programs.runs) or None)


def test_an_event_loop_of_another_thread_runs_programs(programs: Programs) -> None:
    """As those of Flask's async views."""
    outcomes: list[Any] = []

    def work() -> None:
        with open_driver("aio") as driver:
            outcomes.append(driver.run(flow_of(run_of(programs.install("tool", "printed")))).stdout)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert outcomes == ["printed"]


class WindowsProcess:
    """Stands in for subprocess.Popen on Windows, where threads read the pipes."""

    made: "list[WindowsProcess]"
    pid = 17
    returncode = 0

    def __init__(self, argv: list[str], **options: Any) -> None:
        assert options["start_new_session"] is False
        self.argv = argv
        self.calls: list[str] = []
        self.stdout = self.stderr = self
        WindowsProcess.made.append(self)

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        if timeout == 0.1:
            raise subprocess.TimeoutExpired(self.argv, timeout)
        return b"printed\r\n", b"warned"

    def kill(self) -> None:
        self.calls.append("kill")

    def wait(self, timeout: float | None = None) -> int:
        assert timeout == transport._GRACE
        self.calls.append("wait")
        raise subprocess.TimeoutExpired(self.argv, timeout)

    def close(self) -> None:
        raise AssertionError("closing a pipe blocks while a thread reads it")


@pytest.fixture
def taskkill(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Pretend to be on Windows, and record the calls of taskkill."""
    called: list[list[str]] = []
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setenv("SYSTEMROOT", "/windows")
        patched.setattr(subprocess, "Popen", WindowsProcess)
        patched.setattr(subprocess, "run", lambda argv, **_: called.append(argv))
        patched.setattr(WindowsProcess, "made", [], raising=False)
        yield called


def test_a_timeout_on_windows_kills_the_process_tree(taskkill: list[list[str]]) -> None:
    """With taskkill, because az.cmd is a shell that runs Python; a process that survives it is not waited for."""
    with pytest.raises(TimeoutError):
        transport.run_program(Run((r"C:\az.cmd",), {}, r"C:\Windows", 0.1))
    assert taskkill == [["/windows/System32/taskkill.exe", "/F", "/T", "/PID", "17"]]
    assert WindowsProcess.made[0].calls == ["kill", "wait"]


@pytest.mark.usefixtures("taskkill")
def test_a_program_on_windows_has_the_same_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output, or the error of starting it."""
    run = Run((r"C:\az.cmd",), {}, r"C:\Windows", 5)
    assert transport.run_program(run) == Completed(0, "printed\n", "")

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise FileNotFoundError("az.cmd")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(FileNotFoundError):
        transport.run_program(run)
