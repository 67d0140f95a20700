"""Which tenant and which client ID a sign-in, a session or a bearer token uses."""

import re
from pathlib import Path

import webidentity.web


def test_only_the_resolver_reads_the_registration() -> None:
    """An application with several registrations will have another resolver, and nothing else changes."""
    folder = Path(webidentity.web.__file__).parent
    readers = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"settings\.(tenant_id|client_id|authority)\b", path.read_text())
    }
    assert readers == {"_deployment.py", "_tenants.py"}
