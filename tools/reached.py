"""Lines that each test reaches, kept in ``.mutants/`` for the next run.

A test is measured again when its file has changed, or anything else that may change what it does: the code, the
configuration, what tests share, and the versions of Python and of all packages.
"""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".mutants"
#: What every test may depend on, besides its own file.
_SHARED = (
    "webidentity/**/*",
    "integrations/**/*",
    "demo_site/**/*",
    "tools/reached.py",
    "tests/kit/**/*",
    "tests/**/conftest.py",
    "constraints.txt",
    "pyproject.toml",
)


@dataclass
class Measured:
    """What one test did without mutants."""

    seconds: float
    #: The lines that it reached, by the file's path within the project.
    lines: dict[str, list[int]]


@dataclass
class Reached:
    """What is known about the tests, by file and by the test's ID."""

    tests: dict[str, Measured] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)
    _shared: str = ""

    def __post_init__(self) -> None:
        self._shared = _digest(_shared_parts())

    def load(self, names: Iterable[str]) -> None:
        """Load what earlier runs have measured about the tests of these IDs, if nothing has changed since."""
        for file in dict.fromkeys(name.partition("::")[0] for name in names):
            try:
                kept = json.loads(_place(file).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if kept["key"] == self._key(file):
                self.tests |= {name: Measured(**each) for name, each in kept["tests"].items()}

    def save(self) -> None:
        """Keep it for the next run."""
        files: defaultdict[str, dict[str, object]] = defaultdict(dict)
        for name, test in self.tests.items():
            files[name.partition("::")[0]][name] = vars(test)
        FOLDER.mkdir(exist_ok=True)
        for file, tests in files.items():
            content = {"key": self._key(file), "tests": tests}
            _place(file).write_text(json.dumps(content), encoding="utf-8")

    def add(self, seconds: dict[str, float], data: CoverageData) -> None:
        """Add the tests that have just run, by their duration, with the lines that coverage has measured."""
        lines: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
        for path in data.measured_files():
            for line, names in data.contexts_by_lineno(path).items():
                for name in names:
                    lines[name].setdefault(str(Path(path).relative_to(ROOT)), []).append(line)
        self.tests |= {name: Measured(duration, lines[name]) for name, duration in seconds.items()}

    def by_line(self, path: Path) -> dict[int, set[str]]:
        """Return the IDs of the tests that reach each line of the file."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for name, test in self.tests.items():
            for line in test.lines.get(str(path.relative_to(ROOT)), ()):
                found[line].add(name)
        return found

    def _key(self, file: str) -> str:
        if file not in self._keys:
            self._keys[file] = _digest([self._shared.encode(), (ROOT / file).read_bytes()])
        return self._keys[file]


def _shared_parts() -> Iterator[bytes]:
    yield sys.version.encode()
    yield from sorted(f"{each.name} {each.version}".encode() for each in distributions())
    for path in sorted({path for pattern in _SHARED for path in ROOT.glob(pattern)}):
        if path.is_file() and path.suffix != ".pyc":
            yield str(path.relative_to(ROOT)).encode()
            yield path.read_bytes()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _place(file: str) -> Path:
    return FOLDER / f"{file.replace('/', '.')}.json"
