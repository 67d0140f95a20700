"""Instructions of one call, counted by callgrind: they do not depend on what else the machine does.

``count("benchmarks.guard_sites:flask_plain")`` runs two processes that differ only in the number of calls, and divides
the difference. Without Valgrind there is no count.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

#: Calls before those that are counted: they fill caches, and let the interpreter specialize its code.
_WARM_UP = 60
_FEW, _MANY = 20, 220


def count(setup: str, *, few: int = _FEW, many: int = _MANY) -> float | None:
    """Return the instructions in user space that one call takes, None if Valgrind is not installed.

    :param setup: module and function, ``module:function``. The function returns a function that takes the number of
        calls and makes them.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    # The two processes run at the same time: counts do not depend on it.
    processes = [_start(valgrind, setup, calls) for calls in (few, many)]
    totals = [_total(process, setup) for process in processes]
    return (totals[1] - totals[0]) / (many - few)


def process_count(statement: str, environment: dict[str, str] | None = None) -> float | None:
    """Return the instructions in user space of a new process that runs the statement, None without Valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    return _total(_valgrind(valgrind, ["-c", statement], environment), statement)


def thousands(instructions: float | None) -> str:
    """Return the count as text, for example ``"42 kIr"``."""
    return "not counted" if instructions is None else f"{instructions / 1000:,.0f} kIr"


def _start(valgrind: str, setup: str, calls: int) -> "subprocess.Popen[str]":
    return _valgrind(valgrind, ["-m", "benchmarks.instructions", setup, str(calls)], None)


def _valgrind(valgrind: str, arguments: list[str], environment: dict[str, str] | None) -> "subprocess.Popen[str]":
    # Without hash randomization, sets and dictionaries do the same work in both processes.
    return subprocess.Popen(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, *arguments],
        env={**(os.environ if environment is None else environment), "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _total(process: "subprocess.Popen[str]", what: str) -> float:
    _, output = process.communicate()
    found = re.search(r"Collected : (\d+)", output)
    if process.returncode or not found:
        raise RuntimeError(f"{what} failed under Valgrind:\n{output[-2000:]}")
    return float(found[1])


def main() -> None:
    """Make the calls of one set-up: warm up, then as many as the second argument says."""
    module, _, function = sys.argv[1].partition(":")
    call: Callable[[int], object] = getattr(importlib.import_module(module), function)()
    call(_WARM_UP)
    call(int(sys.argv[2]))


if __name__ == "__main__":
    main()
