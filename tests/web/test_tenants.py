"""Which tenant and which client ID a sign-in, a session or a bearer token uses."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import webidentity.web
from webidentity import AuthenticationRecord
from webidentity.web import Settings
from webidentity.web._tenants import Tenant, TenantResolver

SETTINGS = Settings("11111111-1111-1111-1111-111111111111", "33333333-3333-3333-3333-333333333333", "the-secret")


def test_only_the_resolver_reads_the_registration() -> None:
    """An application with several registrations will have another resolver, and nothing else changes."""
    folder = Path(webidentity.web.__file__).parent
    readers = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"settings\.(tenant_id|client_id|authority)\b", path.read_text())
    }
    assert readers == {"_deployment.py", "_tenants.py"}


def resolved(**changes: str) -> Tenant | None:
    """Return the tenant of a session with a record of this application that has these changes."""
    tenant = TenantResolver(SETTINGS).for_sign_in()
    record = tenant.record({"tid": SETTINGS.tenant_id}, "ada.home")
    return TenantResolver(SETTINGS).for_session(replace(record, **changes))


def test_a_session_of_another_application_has_no_tenant() -> None:
    """Nor has one of another authority: neither may be continued after the settings have changed."""
    assert resolved() == TenantResolver(SETTINGS).for_sign_in() == TenantResolver(SETTINGS).for_bearer_token()
    assert resolved(client_id="44444444-4444-4444-4444-444444444444") is None
    assert resolved(authority="login.chinacloudapi.cn") is None


@pytest.mark.parametrize(
    ("claims", "username"),
    [
        ({"preferred_username": "ada@a.test", "upn": "ada@b.test"}, "ada@a.test"),
        ({"preferred_username": 7, "upn": "ada@b.test"}, "ada@b.test"),
        ({"preferred_username": "", "upn": 7}, ""),
        ({}, ""),
    ],
)
def test_the_account_is_that_of_the_claims(claims: dict[str, Any], username: str) -> None:
    """The tenant is that of the token. A username that is not a text is not used."""
    record = TenantResolver(SETTINGS).for_sign_in().record({"tid": "the-tenant", **claims}, "ada.home")
    host = "login.microsoftonline.com"
    assert record == AuthenticationRecord("the-tenant", SETTINGS.client_id, host, "ada.home", username)


def test_the_urls_are_those_of_the_tenant() -> None:
    """Of the authority for this tenant alone, with the parameters."""
    tenant = TenantResolver(SETTINGS).for_sign_in()
    for url, end in (
        (tenant.authorize_url({"a": "b"}), "/oauth2/v2.0/authorize?a=b"),
        (tenant.logout_url({"a": "b"}), "/oauth2/v2.0/logout?a=b"),
    ):
        assert url == f"https://login.microsoftonline.com/{SETTINGS.tenant_id}{end}"


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
    tenant = TenantResolver(SETTINGS).for_sign_in()
    record = tenant.record({"tid": SETTINGS.tenant_id, "preferred_username": name}, "ada.home")
    assert record.username == kept
