"""Mutants of a module: each is the module with one small change, such as a condition that is turned around."""

import ast
import copy
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import cast

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


def explained_rows(report: Path) -> Counter[tuple[str, str]]:
    """Return how many mutants ``tests/mutants.md`` explains, by the heading's module and the row without its reason."""
    rows, module = Counter[tuple[str, str]](), ""
    for line in report.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            module = line.removeprefix("## ")
        elif line.startswith("| `"):
            rows[module, f"{line.rsplit(' | ', 1)[0]} |"] += 1
    return rows


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
        case ast.Return(value=ast.Constant(value=None | bool())):
            pass  # None is like False to most callers, and True is mutated to False as a constant.
        case ast.Return(value=ast.expr()):
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
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    names = _names_of_functions(tree)
    positions = [
        (index, position)
        for index, node in enumerate(ast.walk(tree))
        if getattr(node, "lineno", None) in names
        for position, _ in enumerate(replacements(node))
    ]
    for index, position in positions:
        fresh = ast.parse(source)
        node = list(ast.walk(fresh))[index]
        new = list(replacements(node))[position]
        before, after = _shown(node), _shown(new)
        if isinstance(new, ast.stmt) and any(
            isinstance(each, ast.Name) and each.id == "super" for each in ast.walk(node)
        ):
            # The code of a method with super() refers to its class, and can be replaced only with code that does too.
            new = ast.If(ast.Constant(False), [cast("ast.stmt", node)], [new])
        mutated = Replace(node, new).visit(fresh)
        line: int = node.lineno  # type: ignore[attr-defined]
        mutated = cast("ast.Module", ast.fix_missing_locations(mutated))
        yield Mutant(path, names[line], line, before, after, mutated, (line,))
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
    found = list(_codes(compile(mutant.tree, str(mutant.path), "exec")))
    codes = {code.co_qualname: code for code in found}
    names = Counter(code.co_qualname for code in found)
    replaced = False
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == str(mutant.path):
            name = each.__code__.co_qualname
            code = codes.get(name)
            # Functions within it may exist already, such as those that a decorator has returned.
            is_within = name.startswith(f"{mutant.function}.<locals>.") and names[name] == 1
            if code is not None and (name == mutant.function or is_within):
                try:
                    each.__code__ = code
                except ValueError:  # another number of free variables
                    if not is_within:
                        return False
                    continue
                replaced = True
    return replaced


def _replace_number(path: Path, name: str, number: float) -> bool:
    """Replace it in its module, and in modules that import it by its name."""
    modules = [each for each in list(sys.modules.values()) if getattr(each, "__file__", None)]
    home = next((each for each in modules if each.__file__ == str(path)), None)
    if home is None:
        return False
    before, package = getattr(home, name), str(path.parents[1])
    for module in modules:
        if str(module.__file__).startswith(package) and vars(module).get(name) == before:
            setattr(module, name, number)
    return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
