"""Mutation testing: ``make mutants`` changes the code in small ways and reports the changes that no test notices.

pytest collects the tests once. Each mutant then runs in a forked process that replaces the code of one function, or
doubles one number of a module, and runs only the tests that reach the changed line until one fails: first the tests
that killed other mutants of the function, then those of the module, then the others, the fastest first. A mutant that
takes much longer than the tests took without it counts as killed, and is reported as hanging: it loops or waits
forever, or the machine is busy. ``.mutants/`` keeps which tests reach a line and which tests killed a mutant in the
last run. The first is measured again when anything has changed; the second only decides which test runs first.

``tests/mutants.md`` explains the mutants that survive, with one row for each. They are not run, except with
``--explained``, which reports those that are killed after all. A survivor that the file does not list fails the run.
So does a row without a mutant. If there are more mutants of one row than such rows, all of them are run.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData
from mutations import Mutant, apply, explained_rows, mutants_of
from reached import FOLDER, ROOT, Reached

PACKAGE = ROOT / "webidentity"
REPORT = ROOT / "tests/mutants.md"
#: With a mutant, a test may take this many times as long as without it, and as many seconds more.
SLOWDOWN, GRACE = 3.0, 10.0

#: Not mutated: code of one operating system, which no test on another can reach.
OTHER_SYSTEMS = {"webidentity/cache/_platform_storage.py"}
#: What is mutated.
MODULES = [
    "webidentity/_protocol/signing_keys.py",
    "webidentity/_protocol/verification.py",
    "webidentity/_flows/key_source.py",
    "webidentity/_flows/verified_tokens.py",
    *sorted(
        str(path.relative_to(ROOT))
        for package in ("cache", "web")
        for path in (PACKAGE / package).glob("_*.py")
        if path.name != "__init__.py" and str(path.relative_to(ROOT)) not in OTHER_SYSTEMS
    ),
]
#: The tests that may notice, by the start of the module's path: those that test it directly, so that a run is short.
TESTS = {
    "webidentity/_protocol/": [
        "tests/protocol/test_signing_keys.py",
        "tests/protocol/test_verification.py",
        "tests/protocol/test_verification_header.py",
        "tests/protocol/test_verification_peer.py",
        "tests/flows/test_remembered_tokens.py",
    ],
    "webidentity/_flows/": [
        "tests/flows/test_key_searches.py",
        "tests/flows/test_key_source.py",
        "tests/flows/test_remembered_tokens.py",
    ],
    "webidentity/cache/": [
        "tests/cache",
        "tests/flows",
        "tests/credentials/test_shared_token_cache.py",
    ],
    "webidentity/web/": ["tests/web", "tests/adapters"],
}

_KILLERS = FOLDER / "killers.json"
_SURVIVED, _KILLED, _INVALID, _BROKEN = 0, 1, 2, 3
_OUTCOMES = {_SURVIVED: "survived", _INVALID: "invalid", _BROKEN: "broken", -signal.SIGALRM: "hanging"}


def tests_of(module: str) -> list[str]:
    """Return the files and folders of the tests that may notice a mutant of the module."""
    return next((tests for start, tests in TESTS.items() if module.startswith(start)), ["tests"])


def _name(mutant: Mutant) -> str:
    return f"{mutant.path.relative_to(ROOT)} {mutant.row}"


def _read(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _silence(config: pytest.Config) -> None:
    config.pluginmanager.unregister(name="terminalreporter")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)


class Runner:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self, modules: list[str], limit: float, workers: int, *, run_explained: bool) -> None:
        self.paths = [ROOT / module for module in modules]
        self.tests = {ROOT / module: tests_of(module) for module in modules}
        self.deadline = time.monotonic() + limit
        self.workers = workers
        self.run_explained = run_explained
        self.failed = False
        self.killer = ""
        self.failure = ""
        self.outcomes: list[str] = []
        rows = {(PACKAGE / module, row): count for (module, row), count in explained_rows(REPORT).items()}
        #: The rows that no mutant has used yet.
        self.rows = Counter({key: count for key, count in rows.items() if key[0] in self.paths or not key[0].is_file()})
        #: The tests that pass without mutants.
        self.reached = Reached()
        #: The tests that killed a mutant, by file and function.
        self.killers: defaultdict[tuple[Path, str], set[str]] = defaultdict(set)
        #: The same, by module and row, of this run and the last one.
        self.killers_of_rows: dict[str, str] = _read(_KILLERS)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed."""
        if report.failed and not self.failed:
            self.failed = True
            self.killer = report.nodeid
            self.failure = f"{report.nodeid}\n{report.longreprtext}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the mutants in place of the tests."""
        # Without the tests of a file that cannot be imported, mutants survive. The run as a whole fails.
        self.outcomes += ["file without tests"] * session.testsfailed
        self._reach(session)
        running: list[_Run] = []
        for path in self.paths:
            self._keep_killers()
            mutants, reached = list(mutants_of(path)), self.reached.by_line(path)
            alike = Counter(mutant.row for mutant in mutants)
            skipped = {row for row, count in alike.items() if self.rows[path, row] >= count and not self.run_explained}
            for mutant in mutants:
                if mutant.row in skipped:
                    self._note(mutant, "survived")
                    continue
                while len(running) >= self.workers:
                    self._collect(running)
                names = {name for line in mutant.lines for name in reached.get(line, ())}
                items = self._in_order(mutant, [item for item in session.items if item.nodeid in names])
                if not items or time.monotonic() > self.deadline:
                    self._note(mutant, "not run" if items else "not reached")
                else:
                    running.append(self._start(mutant, items))
        while running:
            self._collect(running)
        self._keep_killers()
        for (path, row), count in sorted((+self.rows).items()):
            # The mutant was killed, or the code has changed.
            self.outcomes += ["needless row"] * count
            print(f"{path.relative_to(ROOT)}: needless row\n{row}", file=sys.__stderr__, flush=True)
        return True

    def _keep_killers(self) -> None:
        FOLDER.mkdir(exist_ok=True)
        _KILLERS.write_text(json.dumps(self.killers_of_rows, indent=0), encoding="utf-8")

    def _in_order(self, mutant: Mutant, items: list[pytest.Item]) -> list[pytest.Item]:
        killers, tests = self.killers[mutant.path, mutant.function], tuple(self.tests[mutant.path])
        last = self.killers_of_rows.get(_name(mutant))
        items = [item for item in items if item.nodeid.startswith(tests)]
        return sorted(
            items,
            key=lambda item: (
                item.nodeid != last,
                item.nodeid not in killers,
                mutant.path.stem not in item.path.stem,
                self.reached.tests[item.nodeid].seconds,
            ),
        )

    def _note(self, mutant: Mutant, outcome: str) -> None:
        key = mutant.path, mutant.row
        if outcome in ("survived", "not reached") and self.rows[key] > 0:
            self.rows[key] -= 1
            outcome = "explained"
        self.outcomes.append(outcome)
        if outcome not in ("killed", "explained"):
            print(
                f"{mutant.path.relative_to(ROOT)}:{mutant.line}: {outcome}\n{mutant.row}",
                file=sys.__stderr__,
                flush=True,
            )

    def _reach(self, session: pytest.Session) -> None:
        """Note which lines each test reaches: run those that something has changed for, in a child process."""
        names = {item.nodeid for item in session.items}
        self.reached.load(names)
        items = [item for item in session.items if item.nodeid not in self.reached.tests]
        if items:
            self._measure(items)
            self.reached.save()
        # Mutants are tested without the tests that fail, but the run as a whole fails.
        self.outcomes += ["failing test"] * len(names - self.reached.tests.keys())

    def _measure(self, items: list[pytest.Item]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file, durations = str(Path(folder) / "coverage"), Path(folder) / "durations"
            child = os.fork()
            if child == 0:
                terminal = os.fdopen(os.dup(2), "w")
                _silence(items[0].config)
                seconds = dict[str, float]()
                measured = Coverage(data_file=file, include=[str(ROOT / each) for each in MODULES], config_file=False)
                measured.start()
                for item in items:
                    measured.switch_context(item.nodeid)
                    started = time.monotonic()
                    self._run([item])
                    if self.failed:
                        print(f"This test fails without any mutant: {self.failure}", file=terminal, flush=True)
                        self.failed = False
                        continue
                    seconds[item.nodeid] = time.monotonic() - started
                measured.stop()
                measured.save()
                durations.write_text(json.dumps(seconds), encoding="utf-8")
                os._exit(0)
            os.waitpid(child, 0)
            data = CoverageData(file)
            data.read()
            self.reached.add(json.loads(durations.read_text(encoding="utf-8")), data)

    def _run(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return

    def _start(self, mutant: Mutant, items: list[pytest.Item]) -> "_Run":
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.close(writer)
            return _Run(mutant, child, reader)
        os.setsid()
        _silence(items[0].config)
        status = _BROKEN
        try:
            if apply(mutant):
                for item in items:
                    self._limit(item)
                    self._run([item])
                    if self.failed:
                        break
                status = _KILLED if self.failed else _SURVIVED
                os.write(writer, self.killer.encode())
            else:
                status = _INVALID
        finally:
            os._exit(status)

    def _limit(self, item: pytest.Item) -> None:
        """Have the system end this process if the test takes much longer than without a mutant."""
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        signal.setitimer(signal.ITIMER_REAL, GRACE + SLOWDOWN * busy * self.reached.tests[item.nodeid].seconds)

    def _collect(self, running: "list[_Run]") -> None:
        """Wait until at least one mutant has ended, and note its outcome."""
        while True:
            for run in running:
                ended, status = os.waitpid(run.child, os.WNOHANG)
                if ended:
                    running.remove(run)
                    with suppress(ProcessLookupError):
                        os.killpg(run.child, signal.SIGKILL)
                    with os.fdopen(run.reader, encoding="utf-8") as pipe:
                        killer = pipe.read()
                    self.killers[run.mutant.path, run.mutant.function].add(killer)
                    self.killers_of_rows[_name(run.mutant)] = killer
                    self._note(run.mutant, _OUTCOMES.get(os.waitstatus_to_exitcode(status), "killed"))
                    return
            time.sleep(0.02)


@dataclass(frozen=True)
class _Run:
    """A mutant that is being tested."""

    mutant: Mutant
    child: int
    #: The file descriptor from which the name of the test is read that killed it.
    reader: int


def main() -> int:
    """Run the mutants and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--limit", type=float, default=5400, help="seconds after which no mutant is started")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--explained", action="store_true", help="run the mutants that tests/mutants.md explains, too")
    options = parser.parse_args()
    os.chdir(ROOT)
    tests = dict.fromkeys(path for module in options.modules for path in tests_of(module))
    runner = Runner(options.modules, options.limit, options.workers, run_explained=options.explained)
    # What the adapters share is in webidentity.web: one of them is enough. New processes run the original code.
    pytest.main(
        [
            "-qq",
            "-p",
            "no:cacheprovider",
            "--capture=no",
            "-k",
            "not django and not four_processes and not test_processes",
            *tests,
        ],
        plugins=[runner],
    )
    counts = Counter(runner.outcomes)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return not counts or bool(counts.keys() - {"killed", "hanging", "explained"})


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "integrations")]
    sys.exit(main())
