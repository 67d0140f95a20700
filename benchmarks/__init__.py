"""How this library compares to azure-identity, measured in one run. ``python -m benchmarks``."""
