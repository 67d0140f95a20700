"""Compares the performance of this library with azure-identity. Run ``python -m benchmarks``."""
