"""Tests that the demonstration never logs, prints or displays a secret."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_secret_leaks_at_debug_level():
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.kit.full_pass"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    result = json.loads(run.stdout)
    assert result["leaks"] == []
    assert result["django_checks"] == []
    # The profile and files pages contain the username, the page after sign-out does not. No page contains a token.
    assert result["seen"] == [[200, True, False], [200, True, False], [200, False, False]] * 4
    assert result["records"] > 100
    assert result["secrets"] > 20
