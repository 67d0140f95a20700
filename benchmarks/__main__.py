"""Measure and print: ``python -m benchmarks``."""

import platform
from importlib.metadata import version

from benchmarks import cached_calls, herd
from benchmarks.table import table

if __name__ == "__main__":
    peers = ", ".join(f"{name} {version(name)}" for name in ("azure-identity", "msal", "azure-core"))
    print(f"Python {platform.python_version()}, {peers}, webidentity {version('webidentity')}\n")
    print(table([*cached_calls.measure(), *herd.measure()]))
