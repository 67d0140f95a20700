"""Fails if a public symbol has no complete type, or if there are too many public symbols. Run by ``make check``."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("webidentity", "webidentity_flask", "webidentity_django")
#: The number of public symbols outside ``webidentity.testing`` must stay below this: each of them is a promise.
LIMIT = 400


def verified(package: str) -> dict[str, Any]:
    """Return the report of ``pyright --verifytypes``.

    Types of other packages count as known: neither azure-core nor Django has complete ones.
    """
    folder = Path(sys.executable).parent
    # Pyright finds the package through the Python that is first on PATH.
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    command = [str(folder / "pyright"), "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(outcome.stdout)
    return {**report["typeCompleteness"], "generalDiagnostics": report["generalDiagnostics"]}


def is_complete(symbol: dict[str, Any]) -> bool:
    """Whether the type of the symbol is known, and the same for every type checker."""
    return bool(symbol["isTypeKnown"]) and not symbol["isTypeAmbiguous"]


def complaints(package: str, report: dict[str, Any]) -> list[str]:
    """Return what is wrong, one line for each diagnostic."""
    lines = [f"{package}: {each['message']}" for each in report["generalDiagnostics"]]
    if report["completenessScore"] < 1:
        lines.append(f"{package}: {report['completenessScore']:.1%} of the public types are complete, not 100 %")
    errors = [
        f"{symbol['name']}: {' '.join(each['message'].split())}"
        for symbol in report["symbols"]
        if not is_complete(symbol)
        for each in symbol["diagnostics"]
        if each["severity"] == "error"
    ]
    # A symbol is partially unknown because of another one, which is in the list too.
    causes = [error for error in errors if "partially unknown" not in error]
    return [*lines, *(causes or errors)]


def public_names(report: dict[str, Any]) -> list[str]:
    """Return the names of the public symbols, without those for tests."""
    names = [symbol["name"] for symbol in report["symbols"] if symbol["isExported"]]
    return [name for name in names if not name.startswith("webidentity.testing.")]


if __name__ == "__main__":
    reports = {package: verified(package) for package in PACKAGES}
    problems = [line for package, report in reports.items() for line in complaints(package, report)]
    count = sum(len(public_names(report)) for report in reports.values())
    if count >= LIMIT:
        problems.append(f"{count} public symbols outside webidentity.testing: give what is not public an underscore")
    print("\n".join(problems or [f"{count} public symbols outside webidentity.testing, all types are complete"]))
    sys.exit(bool(problems))
