"""The scopes of a guard are checked where it is written, and not at the first request."""

import importlib
from typing import Any

import pytest

from webidentity.web import Requirements

STORAGE = "https://storage.azure.com/user_impersonation"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"


@pytest.mark.parametrize("package", ["webidentity_flask", "webidentity_django"])
@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        (["https://graph.microsoft.com/User.Read", STORAGE], "https://storage.azure.com"),
        (["User.Read", STORAGE], "of two resources, Microsoft Graph and https://storage.azure.com"),
        (["api://one/Read", "api://two/Read"], "api://one and api://two"),
        ([f"{GRAPH_ID}/User.Read", "11111111-2222-3333-4444-555555555555/Read"], "Microsoft Graph and 11111111"),
        (["api://files/Read,api://files/Write"], 'scopes=["api://files/Read", "api://files/Write"]'),
        (["User.Read, Mail.Read"], 'scopes=["User.Read", "Mail.Read"]'),
        (["User.Read Mail.Read"], 'scopes=["User.Read", "Mail.Read"]'),
        ("User.Read,Mail.Read", 'scopes=["User.Read", "Mail.Read"]'),
        ("User.Read", 'scopes=["User.Read"]'),
        ([], "needs at least one scope"),
        ("", "needs at least one scope"),
        (" , ", "needs at least one scope"),
        (None, "needs at least one scope"),
        ([5], "takes scopes as strings, not 5"),
        (["User.Read", " "], "takes scopes as strings, not ' '"),
    ],
)
def test_scopes_that_no_token_can_have(package: str, scopes: Any, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match="require_token") as caught:
        importlib.import_module(package).require_token(scopes=scopes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "scopes",
    [
        [STORAGE],
        ["openid", "offline_access", "profile", "email", STORAGE],
        ["User.Read", "https://graph.microsoft.com/Mail.Read", f"{GRAPH_ID}/Files.Read"],
        ["User.Read", "https://graph.microsoft.us/Mail.Read"],
        ["https://storage.azure.com//.default", STORAGE],
        ["https://Storage.Azure.com/a", STORAGE],
        ["api://11111111-2222-3333-4444-555555555555/a", "11111111-2222-3333-4444-555555555555/b"],
        [
            "https://analysis.windows.net/powerbi/api/Report.Read.All",
            "https://analysis.windows.net/powerbi/api/App.Read",
        ],
        ["api://files/read/all", "api://files/write/all"],
        ["api://files/.default"],
    ],
)
def test_scopes_of_one_resource(scopes: list[str]) -> None:
    """One resource may be spelled in several ways."""
    assert Requirements(scopes).scopes == tuple(scopes)


def test_requirements_know_how_their_guard_is_written() -> None:
    """For messages about a guard at the wrong place."""
    assert Requirements().written == "require_sign_in"
    assert Requirements(["api://files/Files.Read"]).written == "require_token(scopes=[...])"
