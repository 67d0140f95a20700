"""The cost of an import in a new process: CPU time, compared with azure-core, which both libraries need."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

from benchmarks.interleaved import medians
from benchmarks.table import Comparison, target

ROUNDS = 31
#: Target: at most this multiple of the import of azure.core.credentials.
MOST = 1.15


def measure() -> list[Comparison]:
    """Compare the import of a sync and of an async credential, and of a DefaultAzureCredential."""
    with tempfile.TemporaryDirectory() as folder:
        # A first import compiles all bytecode into this folder: pip compiled only what it installed.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return [
            _compared("webidentity", "azure.identity", environment),
            _compared("webidentity.aio", "azure.identity.aio", environment),
            _constructed(environment),
        ]


def _constructed(environment: dict[str, str]) -> Comparison:
    statements = [f"import {each}; {each}.DefaultAzureCredential()" for each in ("azure.identity", "webidentity")]
    peer, project = _milliseconds(statements, environment)
    return Comparison(
        "import, DefaultAzureCredential()",
        peer=f"{peer:.0f} ms",
        project=f"{project:.0f} ms",
        ratio=f"{peer / project:.1f}x faster",
        details="with all credentials that it constructs, CPU time",
    )


def _milliseconds(statements: list[str], environment: dict[str, str]) -> list[float]:
    batches = [_fresh(each, environment) for each in statements]
    for batch in batches:
        batch()
    return [1e3 * each for each in medians(batches, ROUNDS)]


def _compared(ours: str, theirs: str, environment: dict[str, str]) -> Comparison:
    name = "ClientSecretCredential"
    statements = ["pass", "import azure.core.credentials", f"from {theirs} import {name}", f"from {ours} import {name}"]
    bare, floor, peer, project = _milliseconds(statements, environment)
    ratio = project / floor
    return Comparison(
        f"from {ours} import",
        peer=f"{peer:.0f} ms",
        project=f"{project:.0f} ms",
        ratio=f"{peer / project:.1f}x faster",
        details=f"CPU time; azure.core.credentials {floor:.0f} ms, Python alone {bare:.0f} ms",
        target=target(ratio <= MOST, f"{ratio:.2f}x azure.core.credentials, <= {MOST}x"),
    )


def _fresh(statement: str, environment: dict[str, str]) -> Callable[[], float]:
    """Return a function that runs the statement in a new process and returns the CPU seconds."""

    def batch() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return batch
