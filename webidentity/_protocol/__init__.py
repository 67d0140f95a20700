"""Builds requests, reads replies and verifies tokens. No I/O, and times are passed in."""
