"""Authorities and tenants: validation, and the tenant of a request."""

import pytest
from azure.core.exceptions import ClientAuthenticationError

from webidentity._authority import Tenants, is_loopback, normalize_authority, validate_tenant_id


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("login.microsoftonline.com", "https://login.microsoftonline.com"),
        ("https://login.microsoftonline.com/", "https://login.microsoftonline.com"),
        ("  https://login.microsoftonline.us//  ", "https://login.microsoftonline.us"),
        ("HTTPS://Login.MicrosoftOnline.COM", "https://login.microsoftonline.com"),
        ("login.example.com:8443", "https://login.example.com:8443"),
        ("https://adfs.example.com/adfs/", "https://adfs.example.com/adfs"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://login_test.example", "https://login_test.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_authorities_are_normalized(given: str, normal: str) -> None:
    """Ports and paths are kept. http is accepted only for this machine."""
    assert normalize_authority(given) == normal


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "https://",
        "https:/login.microsoftonline.com",
        "login.microsoftonline.com:",
        "http://login.microsoftonline.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0",
        "http://192.168.0.1",
        "http://169.254.169.254",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://user@login.microsoftonline.com",
        "https://@login.microsoftonline.com",
        "https://login.microsoftonline.com:443@evil.test",
        "https://login.microsoftonline.com\\@evil.test",
        "https://login.microsoftonline.com:port",
        "https://login.microsoftonline.com:99999",
        "https://login.microsoftonline.com:0",
        "https://login.microsoftonline.com/?a=b",
        "https://login.microsoftonline.com/#a",
        "https://[::1",
        "foo bar",
        "<authority>",
        "https://<authority>",
        "https://{host}/",
        "login.microsoftonline.com,login.microsoftonline.us",
        "https://login.microsoftonline.com/contoso.com",
        "login.microsoftonline.us/common/",
        "https://login.partner.microsoftonline.cn/organizations/v2.0",
    ],
)
def test_invalid_authorities_are_refused(given: str) -> None:
    """The authority receives secrets, so the constructor refuses malformed ones and http."""
    with pytest.raises(ValueError):
        normalize_authority(given)


def test_an_authority_with_a_tenant_says_what_to_remove() -> None:
    """MSAL writes the tenant into the authority. Other hosts may have a path, such as AD FS."""
    with pytest.raises(ValueError, match=r"remove '/contoso.com'.*'https://login.microsoftonline.com'"):
        normalize_authority("https://login.microsoftonline.com/contoso.com")
    assert normalize_authority("https://login.example.com/contoso.com") == "https://login.example.com/contoso.com"


def test_the_default_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """AZURE_AUTHORITY_HOST; the public cloud if it is unset or empty."""
    assert normalize_authority(None) == "https://login.microsoftonline.com"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "")
    assert normalize_authority(None) == "https://login.microsoftonline.com"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.chinacloudapi.cn")
    assert normalize_authority(None) == "https://login.chinacloudapi.cn"
    assert normalize_authority("login.microsoftonline.us") == "https://login.microsoftonline.us"


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "0.0.0.0", "::", "10.0.0.1", "", "2130706433"])
def test_other_hosts_are_not_loopback(host: str) -> None:
    """A name is loopback only if it always means this machine."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "tenant",
    [
        "",
        " ",
        "a b",
        "a/b",
        "../common",
        "tenant?x",
        "tenant\n",
        "\u0430bc",
        "a%2fb",
        "a_b",
        ".",
        "..",
        ".a",
        "-a",
        "--help",
    ],
)
def test_malformed_tenants_are_refused(tenant: str) -> None:
    """The tenant becomes part of a URL."""
    with pytest.raises(ValueError, match="tenant"):
        validate_tenant_id(tenant)


ANY = frozenset("*")
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("default", "asked", "allowed", "resolved"),
    [
        ("home", None, NONE, "home"),
        ("home", "home", NONE, "home"),
        ("home", "other", ANY, "other"),
        ("home", "other", frozenset({"other"}), "other"),
        ("organizations", "other", NONE, "other"),
        ("adfs", "other", NONE, "adfs"),
    ],
)
def test_the_tenant_of_a_call(default: str, asked: str | None, allowed: frozenset[str], resolved: str) -> None:
    """The credential's own, or an allowed one that the call names."""
    assert Tenants(default, allowed).resolve(asked) == resolved


@pytest.mark.parametrize(
    ("default", "asked", "allowed"),
    [
        ("home", "other", NONE),
        ("home", "other", frozenset({"third"})),
        ("organizations", "other", frozenset({"third"})),
        ("common", "other", NONE),
        ("home", "othe", frozenset({"other"})),
    ],
)
def test_other_tenants_are_refused(default: str, asked: str, allowed: frozenset[str]) -> None:
    """A resource's challenge may name any tenant; the secret must not be sent there."""
    with pytest.raises(ClientAuthenticationError, match=f"tenant {asked}.*additionally_allowed_tenants"):
        Tenants(default, allowed).resolve(asked)


def test_a_malformed_tenant_is_refused_even_if_any_is_allowed() -> None:
    """ "*" allows any tenant, not any path."""
    with pytest.raises(ValueError, match="tenant"):
        Tenants("home", ANY).resolve("../../evil")


def test_a_call_may_name_a_tenant_with_an_underscore() -> None:
    """azure-identity accepts it, and it is safe in a URL."""
    assert Tenants("home", ANY).resolve("my_tenant") == "my_tenant"
    for tenant in ("_", "_a", "a_/b"):
        with pytest.raises(ValueError, match="tenant"):
            Tenants("home", ANY).resolve(tenant)


def test_multitenant_authentication_can_be_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """AZURE_IDENTITY_DISABLE_MULTITENANTAUTH restricts all calls to the credential's tenant."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "1")
    assert Tenants("home", ANY).resolve("other") == "home"
