"""What counts as a public site, and what it must not do."""

import pytest

from webidentity.web import Settings, SettingsError
from webidentity.web._deployment import check_authority, session_cookie_warnings

GOOD = {
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "33333333-3333-3333-3333-333333333333",
    "client_secret": "the-secret",
}
LOCAL = Settings(**GOOD, authority="http://localhost:5000")
PUBLIC = [["app.test"], [".app.test"], ["*"], ["localhost", "APP.test:8443"], ["[2001:db8::1]"], ["[2001:db8::1]:8443"]]
PRIVATE = [[], [""], ["localhost:8000"], ["LOCALHOST"], ["127.0.0.1"], ["[::1]"], ["[::1]:8000"], ["intranet"]]


@pytest.mark.parametrize("hosts", PUBLIC)
def test_a_public_site_with_an_authority_on_this_machine_does_not_start(hosts: list[str]) -> None:
    """Any program on the machine could be that authority. The message names both settings."""
    with pytest.raises(SettingsError, match=r"^<authority>: .*<allow_local_authority>"):
        check_authority(LOCAL, hosts, lambda name: f"<{name}>")
    check_authority(Settings(**GOOD), hosts, str)
    check_authority(Settings(**GOOD, authority="http://localhost:5000", allow_local_authority=True), hosts, str)


@pytest.mark.parametrize("hosts", PRIVATE)
def test_a_local_site_may_use_an_authority_on_this_machine(hosts: list[str]) -> None:
    """During development."""
    check_authority(LOCAL, hosts, str)
    assert session_cookie_warnings(LOCAL, hosts, secure=False, same_site=None) == []


def test_a_base_url_decides_instead_of_the_hosts() -> None:
    """It is the address that browsers use."""
    public = Settings(**GOOD, authority="http://localhost:5000", base_url="https://app.test")
    with pytest.raises(SettingsError):
        check_authority(public, ["localhost"], str)
    local = Settings(**GOOD, authority="http://localhost:5000", base_url="http://localhost:8000")
    check_authority(local, ["app.test"], str)


@pytest.mark.parametrize(
    ("secure", "same_site", "missing"),
    [
        (True, "Lax", []),
        (True, "LAX", []),
        (True, "strict", ["SESSION_COOKIE_SAMESITE"]),
        (False, "Lax", ["SESSION_COOKIE_SECURE"]),
        (True, None, ["SESSION_COOKIE_SAMESITE"]),
        (True, "None", ["SESSION_COOKIE_SAMESITE"]),
        (True, False, ["SESSION_COOKIE_SAMESITE"]),
        (False, "", ["SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE"]),
    ],
)
def test_the_session_cookie_of_a_public_site_is_protected(secure: bool, same_site: object, missing: list[str]) -> None:
    """Each attribute that is missing or wrong has a warning that names its setting and says what is wrong."""
    found = session_cookie_warnings(LOCAL, ["app.test"], secure=secure, same_site=same_site)
    assert [name for name, _ in found] == missing
    problem = 'is "Strict"' if same_site == "strict" else "is not set"
    assert all(message.startswith(f"{name} {problem}") for name, message in found)
