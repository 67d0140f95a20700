"""Mutation testing: ``make mutants`` changes the code in small ways and reports the changes that no test notices.

pytest collects the tests once. Each mutant then runs in a forked process that replaces the code of one function, or
doubles one number of a module, and runs only the tests that reach the changed line, the fastest first, until one fails.
A mutant that takes much longer than the tests took without it is killed too: it loops or waits forever.
``tests/mutants.md`` explains the mutants that survive; a survivor that it does not list fails the run.
"""

import argparse
import ast
import copy
import gc
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import cast

import pytest
from coverage import Coverage, CoverageData

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "tests/mutants.md"
#: A mutant may take this many times as long as its tests take without it, and as many seconds more.
SLOWDOWN, GRACE = 3.0, 20.0

#: Not mutated: code of one operating system, which no test on another can reach.
OTHER_SYSTEMS = {"webidentity/cache/_platform_storage.py"}
#: What is mutated, and the tests that may notice.
MODULES = [
    "webidentity/_protocol/verification.py",
    *sorted(
        str(path.relative_to(ROOT))
        for package in ("cache", "web")
        for path in (ROOT / "webidentity" / package).glob("_*.py")
        if path.name != "__init__.py" and str(path.relative_to(ROOT)) not in OTHER_SYSTEMS
    ),
]
TESTS = [
    "tests/protocol/test_verification.py",
    "tests/protocol/test_verification_header.py",
    "tests/cache",
    "tests/flows",
    "tests/credentials/test_shared_token_cache.py",
    "tests/credentials/test_restart.py",
    "tests/web",
    "tests/adapters",
]

_SURVIVED, _KILLED, _INVALID, _BROKEN = 0, 1, 2, 3
_OUTCOMES = {_SURVIVED: "survived", _INVALID: "invalid", _BROKEN: "broken"}

_OPERATORS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    """A changed copy of a module."""

    path: Path
    function: str
    line: int
    before: str
    after: str
    tree: ast.Module
    #: The lines whose tests may notice.
    lines: tuple[int, ...]
    #: For a number of the module: its name and the new value.
    constant: tuple[str, float] | None = None

    @property
    def row(self) -> str:
        """How ``tests/mutants.md`` names it: without the line, which changes too often."""
        return f"| `{self.path.name}` `{self.function}` | `{_cell(self.before)}` | `{_cell(self.after)}` |"


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return flat if len(flat) <= 100 else flat[:97] + "..."


def replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what the node is replaced with, one mutant each."""
    match node:
        case ast.Compare(ops=[operator, *rest]):
            yield ast.Compare(node.left, [_OPERATORS[type(operator)](), *rest], node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int(number)):
            yield ast.Constant(number + 1)
        case ast.If() | ast.While() | ast.IfExp():
            for value in (True, False) if isinstance(node, ast.If) else (False,):
                changed = copy.copy(node)
                changed.test = ast.Constant(value)
                yield changed
        case ast.Raise() | ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield() | ast.Await()):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case _:
            pass


class Replace(ast.NodeTransformer):
    """Copies a tree with one node replaced."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the node, or the copy in its place."""
        if node is self._old:
            return ast.copy_location(self._new, node)
        return self.generic_visit(node)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of the functions of the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    positions = [
        (index, position)
        for index, node in enumerate(ast.walk(tree))
        for position, _ in enumerate(_functions_replacements(tree, node))
    ]
    names = _names_of_functions(tree)
    for index, position in positions:
        fresh = ast.parse(path.read_text(encoding="utf-8"))
        node = list(ast.walk(fresh))[index]
        new = list(replacements(node))[position]
        before = _shown(node)
        mutated = Replace(node, new).visit(fresh)
        line: int = node.lineno  # type: ignore[attr-defined]
        mutated = cast("ast.Module", ast.fix_missing_locations(mutated))
        yield Mutant(path, names[line], line, before, _shown(new), mutated, (line,))
    yield from _mutants_of_numbers(path, tree)


def _mutants_of_numbers(path: Path, tree: ast.Module) -> Iterator[Mutant]:
    """Yield one mutant for each number that a module names, such as a limit: twice the number."""
    scope: dict[str, object] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        try:
            number = eval(compile(ast.Expression(node.value), "", "eval"), {"__builtins__": {}}, scope)
        except (NameError, TypeError, AttributeError):
            continue
        scope[name] = number
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            lines = tuple(each.lineno for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == name)
            yield Mutant(
                path, name, node.lineno, ast.unparse(node), f"{name} = {number * 2}", tree, lines, (name, number * 2)
            )


def _functions_replacements(tree: ast.Module, node: ast.AST) -> Iterator[ast.AST]:
    line = getattr(node, "lineno", None)
    if line in _names_of_functions(tree):
        yield from replacements(node)


def _names_of_functions(tree: ast.Module) -> dict[int, str]:
    """Return the qualified name of the function that each line of a body belongs to."""
    names: dict[int, str] = {}

    def name(node: ast.AST, inside: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                full = f"{inside}{child.name}"
                for line in range(child.body[0].lineno, (child.end_lineno or child.lineno) + 1):
                    names.setdefault(line, full)
            elif isinstance(child, ast.ClassDef):
                name(child, f"{inside}{child.name}.")

    name(tree, "")
    return names


def _shown(node: ast.AST) -> str:
    """Return the code of the node; of a compound statement, its first line."""
    return ast.unparse(node).splitlines()[0]


def apply(mutant: Mutant) -> bool:
    """Replace the code of the function, or the number, in this process. False if it cannot be replaced."""
    if mutant.constant is not None:
        return _replace_number(mutant.path, *mutant.constant)
    codes = {code.co_qualname: code for code in _codes(compile(mutant.tree, str(mutant.path), "exec"))}
    replaced = False
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == str(mutant.path):
            code = codes.get(each.__code__.co_qualname)
            if each.__code__.co_qualname == mutant.function and code is not None:
                try:
                    each.__code__ = code
                except ValueError:  # another number of free variables
                    return False
                replaced = True
    return replaced


def _replace_number(path: Path, name: str, number: float) -> bool:
    """Replace it in its module, and in modules that import it by its name."""
    modules = [each for each in list(sys.modules.values()) if getattr(each, "__file__", None)]
    home = next((each for each in modules if each.__file__ == str(path)), None)
    if home is None:
        return False
    before = getattr(home, name)
    for module in modules:
        if str(module.__file__).startswith(str(ROOT / "webidentity")) and vars(module).get(name) == before:
            setattr(module, name, number)
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _silence(config: pytest.Config) -> None:
    config.pluginmanager.unregister(name="terminalreporter")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)


class Runner:
    """A pytest plugin that runs the collected tests once for each mutant."""

    def __init__(self, modules: list[str], limit: float, workers: int) -> None:
        self.paths = [ROOT / module for module in modules]
        self.deadline = time.monotonic() + limit
        self.workers = workers
        self.failed = False
        self.first_failure = ""
        self.outcomes: list[str] = []
        self.explained = REPORT.read_text(encoding="utf-8")
        #: Seconds that each test takes without mutants.
        self.durations: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed."""
        if report.failed and not self.failed:
            self.failed = True
            self.first_failure = f"{report.nodeid}\n{report.longreprtext}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the mutants in place of the tests."""
        reached = self._tests_by_line(session)
        running: dict[int, tuple[Mutant, float]] = {}
        for path in self.paths:
            for mutant in mutants_of(path):
                names = {name for line in mutant.lines for name in reached[path].get(line, [])}
                items = sorted(
                    (item for item in session.items if item.nodeid in names),
                    key=lambda item: self.durations[item.nodeid],
                )
                if not items or time.monotonic() > self.deadline:
                    self._note(mutant, "not run" if items else "not reached")
                    continue
                while len(running) >= self.workers:
                    self._collect(running)
                seconds = GRACE + SLOWDOWN * sum(self.durations[item.nodeid] for item in items)
                running[self._start(mutant, items)] = mutant, time.monotonic() + seconds
        while running:
            self._collect(running)
        return True

    def _note(self, mutant: Mutant, outcome: str) -> None:
        if outcome in ("survived", "not reached") and mutant.row in self.explained:
            outcome = "explained"
        self.outcomes.append(outcome)
        if outcome not in ("killed", "explained"):
            print(
                f"{mutant.path.relative_to(ROOT)}:{mutant.line}: {outcome}\n{mutant.row}",
                file=sys.__stderr__,
                flush=True,
            )

    def _tests_by_line(self, session: pytest.Session) -> dict[Path, dict[int, list[str]]]:
        """Run all tests in a child process and return which of them reach each line."""
        with tempfile.TemporaryDirectory() as folder:
            file, durations = str(Path(folder) / "coverage"), Path(folder) / "durations"
            child = os.fork()
            if child == 0:
                terminal = os.fdopen(os.dup(2), "w")
                _silence(session.config)
                measured = Coverage(data_file=file, include=[str(path) for path in self.paths], config_file=False)
                measured.start()
                for item in session.items:
                    measured.switch_context(item.nodeid)
                    started = time.monotonic()
                    self._run([item])
                    self.durations[item.nodeid] = time.monotonic() - started
                measured.stop()
                measured.save()
                durations.write_text(json.dumps(self.durations), encoding="utf-8")
                if self.failed:
                    print(f"This test fails without any mutant: {self.first_failure}", file=terminal, flush=True)
                os._exit(self.failed)
            if os.waitpid(child, 0)[1]:
                raise pytest.UsageError("the tests must pass without mutants")
            self.durations = json.loads(durations.read_text(encoding="utf-8"))
            data = CoverageData(file)
            data.read()
            return {path: data.contexts_by_lineno(str(path)) for path in self.paths}

    def _run(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return

    def _start(self, mutant: Mutant, items: list[pytest.Item]) -> int:
        child = os.fork()
        if child:
            return child
        os.setsid()
        _silence(items[0].config)
        status = _BROKEN
        try:
            if apply(mutant):
                status = _KILLED
                self._run(items)
                status = _KILLED if self.failed else _SURVIVED
            else:
                status = _INVALID
        finally:
            os._exit(status)

    def _collect(self, running: dict[int, tuple[Mutant, float]]) -> None:
        """Wait until at least one mutant has ended, and note its outcome."""
        while True:
            for child, (mutant, ends) in list(running.items()):
                ended, status = os.waitpid(child, os.WNOHANG)
                if not ended and time.monotonic() > ends:
                    os.killpg(child, signal.SIGKILL)
                    ended, status = os.waitpid(child, 0)
                if ended:
                    del running[child]
                    code = os.waitstatus_to_exitcode(status)
                    self._note(mutant, _OUTCOMES.get(code, "killed"))
                    return
            time.sleep(0.02)


def main() -> int:
    """Run the mutants and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--limit", type=float, default=5400, help="seconds after which no mutant is started")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.chdir(ROOT)
    runner = Runner(options.modules, options.limit, options.workers)
    pytest.main(["-qq", "-p", "no:cacheprovider", "--capture=no", *TESTS], plugins=[runner])
    counts = Counter(runner.outcomes)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return not counts or bool(counts.keys() - {"killed", "explained"})


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "integrations")]
    sys.exit(main())
