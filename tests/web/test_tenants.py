"""Which tenant and which client ID a sign-in, a session or a bearer token uses."""

import re
from pathlib import Path

import pytest

import webidentity.web
from webidentity.web import Settings
from webidentity.web._tenants import TenantResolver

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"


def test_only_the_resolver_reads_the_registration() -> None:
    """An application with several registrations will have another resolver, and nothing else changes."""
    folder = Path(webidentity.web.__file__).parent
    readers = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"settings\.(tenant_id|client_id|authority)\b", path.read_text())
    }
    assert readers == {"_deployment.py", "_tenants.py"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 256),
        ("\U0001f600" * 200, "\U0001f600" * 128),
        ("x" + "\U0001f600" * 200, "x" + "\U0001f600" * 127),
    ],
)
def test_a_long_username_is_shortened(name: str, kept: str) -> None:
    """Cookies contain it. An emoji counts twice, and is not cut in the middle."""
    tenant = TenantResolver(Settings(TENANT, CLIENT, "the-secret")).for_sign_in()
    record = tenant.record({"tid": TENANT, "preferred_username": name}, f"ada.{TENANT}")
    assert record.username == kept
