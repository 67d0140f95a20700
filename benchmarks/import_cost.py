"""The cost of an import in a new process: CPU time, and instructions where Valgrind is installed.

A credential is compared with azure-core, which both libraries need; an adapter with its framework.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.instructions import process_count
from benchmarks.interleaved import medians
from benchmarks.table import Comparison, target

ROUNDS = 31
#: The same for frameworks, which take longer: their counts of instructions decide.
_ADAPTER_ROUNDS = 11
#: Target for a credential: at most this multiple of the import of azure.core.credentials.
MOST = 1.15
#: Target for an adapter, above its framework: at most this multiple of the package identity.
MOST_OF_ADAPTER = 1.5
_FLASK = "import flask"
#: What at least one of the two adapters uses of Django.
_DJANGO = (
    "import asgiref.sync, django.contrib.auth.decorators, django.http, django.shortcuts, django.urls, "
    "django.views.decorators.csrf"
)


def measure() -> list[Comparison]:
    """Compare the import of a sync and of an async credential, of a DefaultAzureCredential, and of the adapters."""
    with tempfile.TemporaryDirectory() as folder:
        # A first import compiles all bytecode into this folder: pip compiled only what it installed.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return [
            _compared("webidentity", "azure.identity", environment),
            _compared("webidentity.aio", "azure.identity.aio", environment),
            _constructed(environment),
            _adapter("Flask", _FLASK, "identity.flask", "webidentity_flask", environment),
            _adapter(
                "Django",
                _DJANGO,
                "identity.django",
                "webidentity_django.middleware, webidentity_django.urls",
                environment,
            ),
        ]


def _compared(ours: str, theirs: str, environment: dict[str, str]) -> Comparison:
    name = "ClientSecretCredential"
    statements = ["pass", "import azure.core.credentials", f"from {theirs} import {name}", f"from {ours} import {name}"]
    bare, floor, peer, project = _milliseconds(statements, environment)
    counts = _counts(statements[1:], environment)
    ratio = project / floor if counts is None else counts[2] / counts[0]
    counted = "" if counts is None else f"; instructions: {ratio:.2f}x azure.core.credentials"
    return Comparison(
        f"from {ours} import",
        peer=f"{peer:.0f} ms",
        project=f"{project:.0f} ms",
        ratio=f"{peer / project:.1f}x faster",
        details=f"CPU time; azure.core.credentials {floor:.0f} ms, Python alone {bare:.0f} ms{counted}",
        target=target(ratio <= MOST, f"{ratio:.2f}x azure.core.credentials, <= {MOST}x"),
    )


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


def _adapter(framework: str, base: str, theirs: str, ours: str, environment: dict[str, str]) -> Comparison:
    statements = [base, f"{base}; import {theirs}", f"{base}; import {ours}"]
    floor, peer, project = _milliseconds(statements, environment, _ADAPTER_ROUNDS)
    counts = _counts(statements, environment)
    if counts is None:
        ratio, counted = (project - floor) / (peer - floor), ""
    else:
        theirs_net, ours_net = counts[1] - counts[0], counts[2] - counts[0]
        ratio = ours_net / theirs_net
        counted = f"; {theirs_net / 1e6:.0f} and {ours_net / 1e6:.0f} million instructions"
    return Comparison(
        f"import of the {framework} adapter",
        peer=f"{peer - floor:.0f} ms",
        project=f"{project - floor:.0f} ms",
        ratio=f"{ratio:.2f}x",
        details=f"CPU time above {framework}, {floor:.0f} ms; the peer is identity{counted}",
        target=target(ratio <= MOST_OF_ADAPTER, f"{ratio:.2f}x identity, <= {MOST_OF_ADAPTER}x"),
    )


def _milliseconds(statements: list[str], environment: dict[str, str], rounds: int = ROUNDS) -> list[float]:
    batches = [_fresh(each, environment) for each in statements]
    for batch in batches:
        batch()
    return [1e3 * each for each in medians(batches, rounds)]


def _counts(statements: list[str], environment: dict[str, str]) -> list[float] | None:
    """Return the instructions of each statement, None without Valgrind."""
    # At the same time: counts do not depend on it.
    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(lambda statement: process_count(statement, environment), statements))
    found = [each for each in counts if each is not None]
    return found if len(found) == len(counts) else None


def _fresh(statement: str, environment: dict[str, str]) -> Callable[[], float]:
    """Return a function that runs the statement in a new process and returns the CPU seconds."""

    def batch() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return batch
