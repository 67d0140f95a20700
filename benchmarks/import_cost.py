"""What an import costs a fresh process: CPU time, beside that of azure-core, which both need."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

from benchmarks.interleaved import medians
from benchmarks.table import Row, bar

ROUNDS = 21
#: How many times the import of azure.core.credentials ours may cost.
MOST = 1.25


def measure() -> list[Row]:
    """Return a row for the sync and one for the async credential."""
    with tempfile.TemporaryDirectory() as folder:
        # Everybody's bytecode is written by a first import: pip has already compiled what it has installed.
        surroundings = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
        return [
            _compared("webidentity", "azure.identity", surroundings),
            _compared("webidentity.aio", "azure.identity.aio", surroundings),
            _constructed(surroundings),
        ]


def _constructed(surroundings: dict[str, str]) -> Row:
    statements = [f"import {each}; {each}.DefaultAzureCredential()" for each in ("azure.identity", "webidentity")]
    peer, project = _milliseconds(statements, surroundings)
    return Row(
        "import, DefaultAzureCredential()",
        peer=f"{peer:.0f} ms",
        project=f"{project:.0f} ms",
        ratio=f"{peer / project:.1f}x faster",
        note="with all the credentials that it makes",
    )


def _milliseconds(statements: list[str], surroundings: dict[str, str]) -> list[float]:
    batches = [_fresh(each, surroundings) for each in statements]
    for batch in batches:
        batch()
    return [1e3 * each for each in medians(batches, ROUNDS)]


def _compared(ours: str, theirs: str, surroundings: dict[str, str]) -> Row:
    name = "ClientSecretCredential"
    statements = ["pass", "import azure.core.credentials", f"from {theirs} import {name}", f"from {ours} import {name}"]
    bare, floor, peer, project = _milliseconds(statements, surroundings)
    ratio = project / floor
    return Row(
        f"from {ours} import",
        peer=f"{peer:.0f} ms",
        project=f"{project:.0f} ms",
        ratio=f"{peer / project:.1f}x faster",
        note=f"azure.core.credentials {floor:.0f} ms, bare Python {bare:.0f} ms; net of Python "
        f"{(project - bare) / (floor - bare):.2f}",
        bar=bar(ratio <= MOST, f"{ratio:.2f} of azure-core, <= {MOST}"),
    )


def _fresh(statement: str, surroundings: dict[str, str]) -> Callable[[], float]:
    """Run the statement in a process of its own, and return its CPU seconds."""

    def batch() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, env=surroundings)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return batch
