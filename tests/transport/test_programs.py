"""Programs that flows run: their outcomes, and that no process is left over."""

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


def outcome_of(completed: Completed) -> tuple[int, str, str]:
    """Return what can be compared."""
    return completed.returncode, completed.stdout, completed.stderr


def run_of(program: Any, *arguments: str, timeout: float | None = 20) -> Run:
    return Run((str(program), *arguments), ENVIRONMENT, "/", timeout)


def flow_of(run: Run) -> Flow[Any]:
    return (yield run)


async def _unused(request: Any, **options: Any) -> Any:
    raise AssertionError


def gone(programs: Programs) -> None:
    """Wait until the first run and its child have ended."""
    (run,) = programs.runs
    assert is_reaped(run.pid)
    assert run.child is None or soon(lambda: not is_running(run.child) or None)


def test_a_program_returns_its_output(driver: Driver, programs: Programs) -> None:
    """The output is text; the program has no input, and exactly the given arguments, environment and folder."""
    program = programs.install("tool", "printed ü\r\nline\n", "warned")
    completed = driver.run(flow_of(run_of(program, "a b", "$(c)", "")))
    assert outcome_of(completed) == (0, "printed ü\nline\n", "")
    (run,) = programs.runs
    assert run.arguments == ["a b", "$(c)", ""]
    assert (run.folder, run.input) == ("/", "0")
    assert run.environment["KEPT"] == "yes"
    assert run.environment.get("PATH") != os.environ["PATH"]
    gone(programs)


def test_a_failure_has_both_outputs(driver: Driver, programs: Programs) -> None:
    """The error has both outputs and the exit status."""
    program = programs.install("tool", "out", "err", code=3)
    assert outcome_of(driver.run(flow_of(run_of(program)))) == (3, "out", "err")


def test_a_killed_program_has_an_exit_status(driver: Driver, programs: Programs) -> None:
    """It is not zero."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    assert driver.run(flow_of(run_of(program))).returncode == -9


def test_output_that_is_not_utf8_is_replaced(driver: Driver, programs: Programs) -> None:
    """It does not raise."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\nprintf 'a\\377b'\n")
    program.chmod(0o755)
    assert driver.run(flow_of(run_of(program))).stdout == "a\ufffdb"


def test_long_output_is_cut(driver: Driver, programs: Programs) -> None:
    """A token has only a few thousand characters."""
    program = programs.folder / "tool"
    program.write_text("#!/bin/sh\n/usr/bin/head -c 3000000 /dev/zero\n")
    program.chmod(0o755)
    assert len(driver.run(flow_of(run_of(program))).stdout) == 1 << 20


def test_the_repr_of_a_completed_program_has_no_output() -> None:
    """The output may contain a token."""
    assert "canary" not in repr(Completed(0, "canary", "canary"))
    assert repr(Run(("/bin/tool", "canary"), {"SECRET": "canary"}, "/", 1.0)) == "Run('/bin/tool', timeout=1.0)"


def test_a_program_that_cannot_be_started_is_an_error_at_the_yield(driver: Driver, programs: Programs) -> None:
    """A missing file, or one that is not executable."""
    (programs.folder / "text").write_text("no program")
    for name in ("missing", "text"):
        with pytest.raises(OSError, match=r"missing|text"):
            driver.run(flow_of(run_of(programs.folder / name)))


@pytest.mark.parametrize("child", [False, True], ids=["alone", "with a child"])
def test_a_program_that_takes_too_long_is_killed(driver: Driver, programs: Programs, child: bool) -> None:
    """The program is killed and reaped, with the child process that holds its pipes."""
    program = programs.install("tool", seconds=60, child=child)
    began = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        driver.run(flow_of(run_of(program, timeout=1)))
    assert time.monotonic() - began < 20
    assert not isinstance(caught.value.__context__, subprocess.SubprocessError), "it contains the output"
    gone(programs)


def test_a_child_that_holds_the_pipes_is_killed_after_the_timeout(driver: Driver, programs: Programs) -> None:
    """The program itself has ended, but its output has not."""
    program = programs.install("tool", "printed", child=True)
    with pytest.raises(TimeoutError):
        driver.run(flow_of(run_of(program, timeout=1)))
    gone(programs)


def test_a_process_that_left_the_group_is_not_waited_for(driver: Driver, programs: Programs) -> None:
    """A daemon that still holds the pipes is neither killed nor waited for."""
    program = programs.folder / "tool"
    daemon = programs.folder / "daemon"
    leave = (
        "import os, time; os.setsid(); "
        f'open("{daemon}.part", "w").write(str(os.getpid())); os.rename("{daemon}.part", "{daemon}"); time.sleep(60)'
    )
    program.write_text(f"#!/bin/sh\n{sys.executable} -IS -c '{leave}' &\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(TimeoutError):
        driver.run(flow_of(run_of(program, timeout=5)))
    pid = int(daemon.read_text())
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)


def test_no_timeout_is_no_limit(driver: Driver, programs: Programs) -> None:
    """None means the same as for subprocess."""
    assert driver.run(flow_of(run_of(programs.install("tool", "x"), timeout=None))).stdout == "x"


def test_an_interrupt_kills_the_program(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program has a session of its own, so Ctrl-C does not reach it."""
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
    """Cancel the run once ``wait`` has returned."""

    async def main() -> None:
        task = asyncio.create_task(AsyncDriver(_unused).run(flow_of(run)))
        await wait(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_cancelled_task_kills_the_program(programs: Programs) -> None:
    """Cancelling the task kills the program and its child processes."""

    async def until_it_runs(task: Any) -> None:
        await asyncio.to_thread(programs.wait_for_run)

    cancelled_after(run_of(programs.install("tool", seconds=60, child=True)), until_it_runs)
    gone(programs)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5])
def test_a_task_may_be_cancelled_while_the_program_starts(programs: Programs, steps: int) -> None:
    """Cancelling at any moment leaves no process behind."""
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
def test_a_loop_that_cannot_run_programs_uses_a_thread(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The thread uses the same arguments, environment, folder and timeout."""

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
    """An async view in Flask has such an event loop."""
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
    """taskkill ends the tree, because az.cmd is a shell that starts Python; survivors are not waited for."""
    with pytest.raises(TimeoutError):
        transport.run_program(Run((r"C:\az.cmd",), {}, r"C:\Windows", 0.1))
    assert taskkill == [["/windows/System32/taskkill.exe", "/F", "/T", "/PID", "17"]]
    assert WindowsProcess.made[0].calls == ["kill", "wait"]


@pytest.mark.usefixtures("taskkill")
def test_a_program_on_windows_has_the_same_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its output, or the error of starting it."""
    run = Run((r"C:\az.cmd",), {}, r"C:\Windows", 5)
    assert outcome_of(transport.run_program(run)) == (0, "printed\n", "")

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise FileNotFoundError("az.cmd")

    # A context, because monkeypatch is undone after the fixture and would restore the fixture's stand-in for good.
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        with pytest.raises(FileNotFoundError):
            transport.run_program(run)
