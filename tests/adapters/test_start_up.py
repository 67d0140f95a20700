"""A wrong setting is reported at start-up, by name."""

from html import unescape
from typing import Any

import pytest

from tests.kit.sites import MakeSite


def spelled(kind: str, name: str) -> str:
    """Return the framework's spelling of the setting."""
    return f"WEBIDENTITY_{name.upper()}" if kind == "flask" else f"WEBIDENTITY[{name!r}]"


@pytest.mark.parametrize(
    ("settings", "name", "advice"),
    [
        ({"tenant_id": None}, "tenant_id", "overview page"),
        ({"client_id": None}, "client_id", "overview page"),
        ({"client_secret": None}, "client_secret", "certificates and secrets"),
        ({"client_secret": ""}, "client_secret", "certificates and secrets"),
        ({"client_id": "  "}, "client_id", "overview page"),
        ({"tenant_id": "common"}, "tenant_id", "users of any tenant"),
        ({"tenant_id": "Organizations"}, "tenant_id", "users of any tenant"),
        ({"tenant_id": "consumers"}, "tenant_id", "users of any tenant"),
        ({"tenant_id": "a/b"}, "tenant_id", "neither a GUID nor a domain"),
        ({"tenant_id": "..."}, "tenant_id", "neither a GUID nor a domain"),
        ({"client_id": "my-app"}, "client_id", "not a GUID"),
        ({"client_idd": "x"}, "client_idd", "Did you mean"),
        ({"authority": "http://login.test"}, "authority", "https"),
        ({"authority": "https://login.microsoftonline.com/contoso.com"}, "authority", "remove '/contoso.com'"),
        ({"base_url": "http://app.test"}, "base_url", "https"),
        ({"base_url": "https://[app"}, "base_url", "expected a URL"),
        ({"base_url": "app.test"}, "base_url", "expected a URL"),
        ({"scopes": [1]}, "scopes", "list of strings"),
        ({"session_lifetime": "soon"}, "session_lifetime", "seconds"),
        ({"session_max_age": -1}, "session_max_age", "seconds"),
        ({"allow_local_authority": "yes"}, "allow_local_authority", "True or False"),
        ({"after_sign_out": "https://evil.test"}, "after_sign_out", "path of this application"),
    ],
)
def test_a_bad_setting_stops_the_application(
    build: MakeSite, request: pytest.FixtureRequest, settings: dict[str, Any], name: str, advice: str
) -> None:
    """The message contains the framework's spelling of the name, and what to do."""
    kind = request.node.callspec.params["build"]
    with pytest.raises(Exception, match=advice) as raised:
        build(settings=settings)
    assert type(raised.value).__name__ in {"SettingsError", "ImproperlyConfigured"}
    assert str(raised.value).startswith(spelled(kind, name))
    assert not any(secret in str(raised.value) for secret in ("the-client-secret",))


def test_a_misspelled_setting_names_the_right_one(build: MakeSite, request: pytest.FixtureRequest) -> None:
    """The error names the right setting even if that one is set too."""
    kind = request.node.callspec.params["build"]
    with pytest.raises(Exception, match="is not a setting") as raised:
        build(settings={"client_sekret": "x"})
    assert f"Did you mean {spelled(kind, 'client_secret')}?" in str(raised.value)


def test_without_a_secret_key_nothing_starts(build: MakeSite) -> None:
    """It protects the session and the token cache."""
    with pytest.raises(Exception, match="SECRET_KEY"):
        build(secret_key="")


LOCAL = "http://localhost:5000"


@pytest.mark.parametrize("hosts", [("app.test",), (".app.test",), ("app.test:8443", "localhost")])
def test_a_public_site_refuses_an_authority_on_this_machine(
    build: MakeSite, request: pytest.FixtureRequest, hosts: tuple[str, ...]
) -> None:
    """Any program on the machine could be that authority. The message says how to allow it."""
    kind = request.node.callspec.params["build"]
    with pytest.raises(Exception, match="a public site would trust") as raised:
        build(settings={"authority": LOCAL}, hosts=hosts)
    assert type(raised.value).__name__ in {"SettingsError", "ImproperlyConfigured"}
    assert str(raised.value).startswith(spelled(kind, "authority"))
    assert spelled(kind, "allow_local_authority") in str(raised.value)


def test_a_base_url_makes_a_site_public(build: MakeSite) -> None:
    """Also if the framework accepts no other host."""
    with pytest.raises(Exception, match="a public site would trust"):
        build(settings={"authority": LOCAL, "base_url": "https://app.test"}, hosts=("localhost",))


def test_a_left_over_environment_variable_is_noticed(build: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the setting, the variable names the authority."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", LOCAL)
    with pytest.raises(Exception, match="AZURE_AUTHORITY_HOST"):
        build(settings={"authority": None})


@pytest.mark.parametrize(
    "options",
    [
        {"settings": {"authority": LOCAL, "allow_local_authority": True}},
        {"settings": {"authority": LOCAL}, "DEBUG": True},
        {"settings": {"authority": LOCAL}, "hosts": ("localhost", "127.0.0.1", "[::1]", "testserver")},
        {"settings": {"authority": LOCAL, "base_url": "http://localhost:8000"}},
    ],
    ids=["allowed", "debug", "local hosts", "local base_url"],
)
def test_a_local_authority_is_accepted_otherwise(build: MakeSite, options: dict[str, Any]) -> None:
    """For development, and where it is allowed."""
    assert build(**options).browser("http://localhost").get("/public").status == 200


@pytest.mark.parametrize("url", ["http://app.test/auth/sign-in", "https://app.test/auth/sign-in"])
def test_pages_about_the_address_spell_the_setting_as_the_framework_does(
    build: MakeSite, request: pytest.FixtureRequest, url: str
) -> None:
    """The administrator who reads it can copy the name."""
    site = build(hosts=None)
    page = site.call("GET", url, {"Accept": "text/html"})
    assert page.status == 400
    name = spelled(request.node.callspec.params["build"], "base_url")
    assert f"et {name} to" in unescape(page.text)
