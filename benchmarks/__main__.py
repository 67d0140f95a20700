"""Measure and print: ``python -m benchmarks``."""

import platform
from importlib.metadata import version

from benchmarks import cached_calls, first_token, herd, import_cost, tools
from benchmarks.table import table

if __name__ == "__main__":
    peers = ", ".join(f"{name} {version(name)}" for name in ("azure-identity", "msal", "azure-core"))
    print(f"Python {platform.python_version()}, {peers}, webidentity {version('webidentity')}\n")
    rows = [*import_cost.measure(), *first_token.measure(), *herd.measure(), *cached_calls.measure(), *tools.measure()]
    print(table(rows))
