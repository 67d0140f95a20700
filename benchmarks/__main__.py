"""Measure and print: ``python -m benchmarks``."""

import platform
from importlib.metadata import version

from benchmarks import cached_calls, first_token, herd, import_cost, persistent, tools
from benchmarks.table import table

if __name__ == "__main__":
    peers = ", ".join(f"{name} {version(name)}" for name in ("azure-identity", "msal", "azure-core"))
    print(f"Python {platform.python_version()}, {peers}, webidentity {version('webidentity')}\n")
    modules = (import_cost, first_token, herd, cached_calls, tools, persistent)
    rows = [row for module in modules for row in module.measure()]
    print(table(rows))
