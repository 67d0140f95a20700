"""Fake tools on PATH. Each prints a given output and records how it was run."""

import contextlib
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

_SCRIPT = """#!/bin/sh
note={notes}/$$
{{
    printf 'pid=%s\\n' "$$"
    printf 'folder=%s\\n' "$(pwd -P)"
    printf 'input=%s\\n' "$(/bin/cat | /usr/bin/wc -c)"
    for argument in "$@"; do printf 'argument=%s\\n' "$argument"; done
    /usr/bin/env | /bin/sed 's/^/variable=/'
}} > "$note.part"
{child}
/bin/mv "$note.part" "$note.run"
{pause}
/bin/cat {stdout}
/bin/cat {stderr} >&2
exit {code}
"""


@dataclass(frozen=True)
class Noted:
    """One run of a fake tool."""

    pid: int
    folder: str
    input: str
    arguments: list[str]
    environment: dict[str, str]
    #: A process that the tool started, which holds the tool's pipes.
    child: int | None


class Programs:
    """A folder that is the only one on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "programs"
        self._outputs, self._notes = folder / "outputs", folder / "notes"
        for each in (self.folder, self._outputs, self._notes):
            each.mkdir()

    def install(
        self,
        name: str,
        stdout: str = "",
        stderr: str = "",
        *,
        code: int = 0,
        seconds: float = 0,
        child: bool = False,
        folder: Path | None = None,
    ) -> Path:
        """Write a tool that prints and ends like this.

        :param seconds: how long it takes.
        :param child: whether it starts a process that holds its pipes for a minute.
        :param folder: where to write it, if not on PATH.
        """
        printed = []
        for kind, text in (("out", stdout), ("err", stderr)):
            path = self._outputs / f"{name}.{kind}"
            path.write_bytes(text.encode())
            printed.append(shlex.quote(str(path)))
        program = (folder or self.folder) / name
        text = _SCRIPT.format(
            notes=shlex.quote(str(self._notes)),
            # Both the shell and the process that it waits for are killed.
            pause=f"/bin/sleep {seconds}" if seconds else "",
            child='/bin/sleep 60 & printf "child=%s\\n" "$!" >> "$note.part"' if child else "",
            stdout=printed[0],
            stderr=printed[1],
            code=code,
        )
        program.write_text(text)
        program.chmod(0o755)
        return program

    @property
    def runs(self) -> list[Noted]:
        """The runs of tools so far, oldest first."""
        notes = sorted(self._notes.glob("*.run"), key=lambda path: path.stat().st_mtime_ns)
        return [_read(path.read_text()) for path in notes]

    def end(self, run: Noted) -> None:
        """Kill a run that another library left running, and its pause."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGKILL)
        # The system may take a moment to end it.
        soon(lambda: None if is_running(run.pid) else run)

    def wait_for_run(self) -> Noted:
        """Return the first run, once there is one."""
        return soon(lambda: self.runs[0] if self.runs else None)


def _read(text: str) -> Noted:
    pairs = [line.partition("=") for line in text.splitlines()]
    values = {name: value for name, _, value in pairs}
    variables = [value.partition("=") for name, _, value in pairs if name == "variable"]
    return Noted(
        pid=int(values["pid"]),
        folder=values["folder"],
        input=values["input"].strip(),
        arguments=[value for name, _, value in pairs if name == "argument"],
        environment={name: value for name, _, value in variables},
        child=int(values["child"]) if "child" in values else None,
    )


def soon(look: Callable[[], T | None]) -> T:
    """Return the result of ``look`` once it is not None."""
    until = time.monotonic() + 20
    while True:
        found = look()
        if found is not None:
            return found
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def is_reaped(pid: int) -> bool:
    """Whether the child process is gone, not even a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    """Provide a PATH with fake tools only."""
    lent = Programs(tmp_path)
    monkeypatch.setenv("PATH", str(lent.folder))
    yield lent
    for run in lent.runs:
        for pid in (run.pid, run.child):
            if pid is not None:
                assert not is_running(pid), "a program is still running"
