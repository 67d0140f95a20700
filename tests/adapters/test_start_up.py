"""A wrong setting is reported at start-up, by name."""

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
    """Also if the right one is set too."""
    kind = request.node.callspec.params["build"]
    with pytest.raises(Exception, match="is not a setting") as raised:
        build(settings={"client_sekret": "x"})
    assert f"Did you mean {spelled(kind, 'client_secret')}?" in str(raised.value)


def test_without_a_secret_key_nothing_starts(build: MakeSite) -> None:
    """It protects the session and the token cache."""
    with pytest.raises(Exception, match="SECRET_KEY"):
        build(secret_key="")
