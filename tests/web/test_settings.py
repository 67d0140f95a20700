"""Settings are checked, and errors name a setting as the user wrote it."""

import copy
import pickle
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from webidentity.web import Settings, SettingsError

TENANT = "11111111-1111-1111-1111-111111111111"
GOOD = {"tenant_id": TENANT, "client_id": "33333333-3333-3333-3333-333333333333", "client_secret": "the-secret"}


def read(**changes: Any) -> Settings:
    """Read good settings with these changes."""
    return Settings.read({**GOOD, **changes}, lambda name: f"<{name}>")


def test_three_settings_are_enough() -> None:
    """The other settings have defaults."""
    settings = read()
    assert settings.authority == "https://login.microsoftonline.com"
    assert (settings.base_url, settings.after_sign_out) == ("", "/")
    assert settings.session_lifetime == 8 * 3600
    assert settings.session_max_age == 7 * 24 * 3600
    assert settings.clock_leeway == 300


def test_values_are_normalized() -> None:
    """Surrounding spaces, a trailing slash, a host in capitals, scopes in one string."""
    settings = read(
        tenant_id=f" {TENANT}\n",
        client_secret=" the-secret ",
        base_url="HTTPS://App.Test/Mount/",
        scopes="a/b c/d",
        audiences=["api://x"],
    )
    assert settings.tenant_id == TENANT
    assert settings.client_secret == "the-secret"
    assert settings.base_url == "https://app.test/Mount"
    assert settings.scopes == ("a/b", "c/d")
    assert settings.audiences == ("api://x",)


@pytest.mark.parametrize("name", ["tenant_id", "client_id", "client_secret"])
@pytest.mark.parametrize("value", [None, "", " ", "\n"])
def test_a_missing_setting_is_named_with_where_to_find_it(name: str, value: str | None) -> None:
    """An empty value counts as missing."""
    with pytest.raises(SettingsError, match=rf"^<{name}> is missing: .*application registration"):
        read(**{name: value})


def test_all_missing_settings_are_named_at_once() -> None:
    """The first one with where to find it."""
    with pytest.raises(
        SettingsError, match=r"^<tenant_id> is missing: .* Also missing: <client_id>, <client_secret>\."
    ):
        Settings.read({}, lambda name: f"<{name}>")
    with pytest.raises(SettingsError) as raised:
        read(client_id=None)
    assert "Also missing" not in str(raised.value)
    assert " Set " not in str(raised.value)


@pytest.mark.parametrize(("given", "advice"), [({}, "Set them in config.py"), (GOOD, "Set it in config.py")])
def test_the_message_about_a_missing_setting_says_where_to_put_it(given: dict[str, str], advice: str) -> None:
    """As the framework's adapter knows it. Other mistakes are where they were written."""
    with pytest.raises(SettingsError) as raised:
        Settings.read({**given, "client_id": None}, str, "in config.py")
    assert str(raised.value).endswith(advice)
    assert raised.value.is_missing
    with pytest.raises(SettingsError) as raised:
        Settings.read({**GOOD, "client_id": "x"}, str, "in config.py")
    assert "config.py" not in str(raised.value)
    assert not raised.value.is_missing


@pytest.mark.parametrize(
    ("name", "meant"), [("tenantid", "tenant_id"), ("client_idd", "client_id"), ("sesion_lifetime", "session_lifetime")]
)
def test_a_misspelled_setting_names_the_right_one(name: str, meant: str) -> None:
    """The error names the right setting and lists all settings."""
    with pytest.raises(SettingsError, match=rf"^<{name}> is not a setting .* Did you mean <{meant}>\?.*<audiences>"):
        read(**{name: "x"})


def test_an_unknown_setting_without_a_similar_name_gets_no_suggestion() -> None:
    """The message lists all settings."""
    with pytest.raises(SettingsError) as raised:
        read(zzzz=1)
    assert "Did you mean" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tenant_id", 5),
        ("tenant_id", "common"),
        ("tenant_id", "COMMON"),
        ("tenant_id", "consumers"),
        ("tenant_id", "../other"),
        ("client_id", ["x"]),
        ("client_secret", b"bytes"),
        ("authority", "http://login.example.com"),
        ("authority", "ftp://login.example.com"),
        ("base_url", "http://app.test"),
        ("base_url", "//app.test"),
        ("base_url", "https://"),
        ("base_url", "https://[::1"),
        ("base_url", "https://user@app.test"),
        ("base_url", "https://app.test?x"),
        ("base_url", "javascript:alert(1)"),
        ("scopes", {"a": 1}),
        ("base_url", "https://foo bar"),
        ("base_url", "https://<host>"),
        ("authority", "foo bar"),
        ("authority", "<authority>"),
        ("authority", "https://<authority>/"),
        ("scopes", [None]),
        ("scopes", "User.Read,Mail.Read"),
        ("scopes", "User.Read, Mail.Read"),
        ("scopes", "User.Read; Mail.Read"),
        ("scopes", ["User.Read;Mail.Read"]),
        ("scopes", ["User.Read Mail.Read"]),
        ("audiences", "api://a,api://b"),
        ("audiences", ["api://a;api://b"]),
        ("audiences", 7),
        ("session_lifetime", 0),
        ("session_lifetime", True),
        ("session_lifetime", "3600"),
        ("session_max_age", 1.5),
        ("clock_leeway", -1),
        ("clock_leeway", 601),
        ("clock_leeway", True),
        ("after_sign_out", "//evil.test"),
        ("after_sign_out", "goodbye"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: object) -> None:
    """The message starts with the name of the setting."""
    with pytest.raises(SettingsError, match=f"^<{name}>: "):
        read(**{name: value})


@pytest.mark.parametrize("path", ["/auth/callback", "/auth/callback/", "/mount/auth/callback"])
def test_the_redirect_uri_is_not_the_base_url(path: str) -> None:
    """It is the URL that was registered just before, so that it is easily pasted."""
    with pytest.raises(SettingsError, match=r"^<base_url>: .*redirect URI") as raised:
        read(base_url=f"https://app.test{path}")
    assert str(raised.value).endswith(f"set 'https://app.test{path.rstrip('/').removesuffix('/auth/callback')}'")


def test_a_list_in_one_string_says_how_to_write_it() -> None:
    """Spaces separate the items."""
    with pytest.raises(SettingsError, match=r'\["User.Read", "Mail.Read"\]'):
        read(scopes="User.Read, Mail.Read")


def test_no_message_and_no_repr_has_the_secret() -> None:
    """Start-up errors are logged."""
    assert "the-secret" not in repr(read())
    with pytest.raises(SettingsError) as raised:
        read(tenant_id="a b", client_secret="the-secret")
    assert "the-secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:5000/mount", "https://app.test:8443"])
def test_http_is_accepted_on_this_machine(url: str) -> None:
    """Requests to it do not leave the machine."""
    assert read(base_url=url).base_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [("tenant_id", "common"), ("client_id", "x"), ("client_secret", " "), ("base_url", "//x"), ("session_lifetime", 0)],
)
def test_settings_check_themselves_on_construction(name: str, value: Any) -> None:
    """The check needs no framework, and the message has the parameter's name."""
    with pytest.raises(SettingsError, match=f"^{name}(:| is missing)"):
        Settings(**{**GOOD, name: value})
    with pytest.raises(SettingsError, match=f"^{name}(:| is missing)"):
        replace(Settings(**GOOD), **{name: value})


def test_settings_are_normalized_on_construction() -> None:
    """The same as those that a framework's configuration contains."""
    assert Settings(**GOOD) == read()
    assert Settings(**GOOD, scopes=["a/b"]).scopes == ("a/b",)
    assert Settings(**GOOD, base_url="https://App.Test/").base_url == "https://app.test"


def test_a_copy_is_equal_and_checked() -> None:
    """Copies by pickle and copy are equal, and unpickling checks the settings."""
    settings = read(base_url="https://app.test/mount", scopes="a b", session_lifetime=60)
    assert pickle.loads(pickle.dumps(settings)) == copy.copy(settings) == copy.deepcopy(settings) == settings
    assert replace(settings, session_lifetime=61).session_lifetime == 61
    manipulated = pickle.dumps(settings).replace(TENANT.encode(), b"../../../../../../../../../../../../")
    with pytest.raises(SettingsError, match=r"^tenant_id: "):
        pickle.loads(manipulated)


def test_each_setting_has_a_check_and_a_description() -> None:
    """The field is the only place that declares it: adding one is one field and one line of the docstring."""
    for item in fields(Settings):
        assert callable(item.metadata["check"]), item.name
        assert f":param {item.name}: " in str(Settings.__doc__), item.name


@pytest.mark.parametrize(("page", "spelled"), [("flask.md", "WEBIDENTITY_{}"), ("django.md", "{}")])
def test_the_documentation_lists_each_setting(page: str, spelled: str) -> None:
    """The page has each setting in the framework's spelling."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    names = [item.name.upper() if page == "flask.md" else item.name for item in fields(Settings)]
    assert [name for name in names if f"`{spelled.format(name)}`" not in text] == []
