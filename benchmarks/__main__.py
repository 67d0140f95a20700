"""Measure and print: ``python -m benchmarks``, or only some modules: ``python -m benchmarks import_cost herd``."""

import argparse
import platform
import sys
from importlib.metadata import version

from benchmarks import (
    bearer_tokens,
    cached_calls,
    first_token,
    guards,
    herd,
    import_cost,
    persistent,
    stores,
    tools,
    web_process,
)
from benchmarks.table import Comparison, table

MODULES = {
    "import_cost": import_cost,
    "first_token": first_token,
    "herd": herd,
    "cached_calls": cached_calls,
    "bearer_tokens": bearer_tokens,
    "tools": tools,
    "persistent": persistent,
    "web_process": web_process,
    "stores": stores,
    "guards": guards,
}


def main() -> None:
    """Run the chosen modules and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"any of {', '.join(MODULES)}; default: all")
    chosen = parser.parse_args().modules or list(MODULES)
    unknown = [name for name in chosen if name not in MODULES]
    if unknown:
        parser.error(f"unknown module {unknown[0]}: choose from {', '.join(MODULES)}")
    libraries = ("azure-identity", "identity", "msal", "azure-core", "PyJWT", "cryptography")
    peers = ", ".join(f"{name} {version(name)}" for name in libraries)
    print(f"Python {platform.python_version()}, {peers}, webidentity {version('webidentity')}\n", flush=True)
    comparisons: list[Comparison] = []
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        comparisons += MODULES[name].measure()
    print(table(comparisons))
    targets = [each.target for each in comparisons if each.target]
    print(f"\n{sum(not each.endswith('NOT MET') for each in targets)} of {len(targets)} targets met")


if __name__ == "__main__":
    main()
