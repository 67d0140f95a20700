"""Nothing that is secret is logged, printed or shown."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_full_pass_at_debug_level():
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
    # Profile and files name their user, the page after sign-out does not; no page has a token in it.
    assert result["seen"] == [[200, True, False], [200, True, False], [200, False, False]] * 4
    assert result["records"] > 100
    assert result["secrets"] > 20
