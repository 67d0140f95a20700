"""Instructions of one call, counted by callgrind: they do not depend on what else the machine does.

``count("benchmarks.guard_sites:flask_plain")`` sets up the call in a new process and counts only the calls themselves,
in all threads. Without Valgrind there is no count.
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
#: Calls that are counted, so many that starting and stopping the counter adds less than 1,000 instructions to each.
_CALLS = 500


def count(setup: str, *, calls: int = _CALLS) -> float | None:
    """Return the instructions in user space that one call takes, None if Valgrind is not installed.

    :param setup: module and function, ``module:function``. The function returns a function that takes the number of
        calls and makes them.
    """
    total = _total(["--instr-atstart=no"], ["-m", "benchmarks.instructions", setup, str(calls)], None)
    return None if total is None else total / calls


def process_count(statement: str, environment: dict[str, str] | None = None) -> float | None:
    """Return the instructions in user space of a new process that runs the statement, None without Valgrind."""
    return _total([], ["-c", statement], environment)


def thousands(instructions: float | None) -> str:
    """Return the count as text, for example ``"42 kIr"``."""
    return "not counted" if instructions is None else f"{instructions / 1000:,.0f} kIr"


def _total(options: list[str], arguments: list[str], environment: dict[str, str] | None) -> float | None:
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    # Without hash randomization, sets and dictionaries do the same work in each process.
    process = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *options, sys.executable, *arguments],
        env={**(os.environ if environment is None else environment), "PYTHONHASHSEED": "0"},
        capture_output=True,
        check=False,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", process.stderr)
    if process.returncode or not found:
        raise RuntimeError(f"{arguments} failed under Valgrind:\n{process.stderr[-2000:]}")
    return float(found[1])


def _collect(state: str) -> None:
    """Switch counting on or off. Before it is switched on, the process runs faster."""
    subprocess.run(["callgrind_control", "-i", state, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Make the calls of one set-up: warm up, then count as many as the second argument says."""
    module, _, function = sys.argv[1].partition(":")
    call: Callable[[int], object] = getattr(importlib.import_module(module), function)()
    call(_WARM_UP)
    _collect("on")
    call(int(sys.argv[2]))
    _collect("off")


if __name__ == "__main__":
    main()
