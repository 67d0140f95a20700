"""Which requested scopes an authority has granted (RFC 6749 sections 3.3 and 5.1)."""

import pytest

from webidentity._protocol.token_reply import granted

DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
OIDC = ["openid", "profile", "offline_access", "email"]


@pytest.mark.parametrize(
    ("requested", "replied"),
    [
        (["api://files/Files.Read"], ""),
        (["api://files/Files.Read"], "api://files/Files.Read api://files/Files.Write"),
        (["User.Read"], "openid profile User.Read email"),
        (["User.Read"], "https://graph.microsoft.com/User.Read"),
        (["https://graph.microsoft.com/User.Read"], "User.Read profile openid email"),
        (["https://graph.microsoft.com/user.read"], "https://graph.microsoft.com/User.Read"),
        ([f"{DEVOPS}/user_impersonation"], "user_impersonation"),
        ([f"{DEVOPS}/access"], f"api://{DEVOPS}/access"),
        (["https://vault.azure.net//user_impersonation"], "https://vault.azure.net/user_impersonation"),
        (["https://graph.microsoft.com/.default"], "https://graph.microsoft.com/User.Read"),
        (["https://management.azure.com//.default"], "https://management.core.windows.net/user_impersonation"),
        ([DEVOPS], "/"),
        (["https://storage.azure.com"], "https://storage.azure.com/user_impersonation"),
        ([*OIDC, "User.Read"], "User.Read"),
        (OIDC, "https://graph.microsoft.com/User.Read"),
    ],
)
def test_a_scope_is_granted_under_any_of_its_names(requested: list[str], replied: str) -> None:
    """Entra shortens scopes of Microsoft Graph, changes case and resource name, and leaves scopes of OpenID out."""
    assert granted(requested, replied.split()) == sorted(requested)


@pytest.mark.parametrize(
    ("requested", "replied", "expected"),
    [
        (["a/Read", "a/Write"], "a/Read", ["a/Read"]),
        (["a/Read", "a/Write"], "openid profile", []),
        (["openid", "a/Write"], "a/Read", ["openid"]),
        (["User.Read", "User.ReadBasic.All"], "openid profile User.Read", ["User.Read"]),
        (["https://graph.microsoft.com/Mail.Read"], "Mail.ReadWrite", []),
    ],
)
def test_a_scope_that_the_reply_leaves_out_is_not_granted(
    requested: list[str], replied: str, expected: list[str]
) -> None:
    """A personal account is not granted the permissions of organizations, for example."""
    assert granted(requested, replied.split()) == expected
