"""VisualStudioCodeCredential: the account that is signed in to the editor, and its tokens."""

import json
import os
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.drivers import Driver
from tests.kit.editor import EXTENSION, RECORD, note
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT
from tests.kit.shared_cache import Home
from tests.kit.shared_sign_ins import EDITOR, Make, Redeemer, edit, maker_of, sign_in
from webidentity import CredentialUnavailableError, EntraError


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials over an authority."""
    return maker_of(driver, "VisualStudioCodeCredential")


@pytest.mark.parametrize("folder", [".azure", ".Azure"])
@pytest.mark.parametrize("authority", ["login.microsoftonline.com", "https://login.microsoftonline.com/"])
def test_tokens_of_the_editors_account(home: Home, make: Make, folder: str, authority: str) -> None:
    """The credential redeems a refresh token of the family, as the client of the extension."""
    note(home, folder=folder, authority=authority)
    sign_in(home)
    sign_in(home, "eve")
    at = Redeemer()
    credential = make(at)
    assert credential.get_token(SCOPE).token == "ada-1"
    assert credential.get_token(SCOPE).token == "ada-1"
    (sent,) = at.network.sent
    assert sent.url.startswith(f"https://login.microsoftonline.com/{TENANT}/")
    assert (sent.form["client_id"], at.redeemed) == (EXTENSION, [f"refresh-token-ada-{EDITOR}-{TENANT}"])


def test_cached_tokens_of_the_extension_are_served(home: Home, make: Make) -> None:
    """A cached token is served without a request."""
    note(home)
    sign_in(home, client_id=EXTENSION, scope=SCOPE, family=None)
    at = Redeemer()
    assert make(at).get_token(SCOPE).token == f"ada's token for {EXTENSION}"
    assert not at.network.sent


@pytest.mark.parametrize("change", [{"homeAccountId": f"eve.{TENANT}"}, {"authority": "login.chinacloudapi.cn"}])
def test_no_token_of_another_account_is_served(home: Home, make: Make, change: dict[str, str]) -> None:
    """Tokens with the same username or of another cloud are not served; the error says what to do."""
    note(home, **change)
    sign_in(home)
    at = Redeemer()
    with pytest.raises(CredentialUnavailableError, match=r"'azure-identity-broker'.*no account.*AzureCliCredential"):
        make(at).get_token(SCOPE)
    assert not at.network.sent


def test_nothing_is_sent_to_the_host_of_a_record(home: Home, make: Make) -> None:
    """Refresh tokens of a cloud are sent only to its own hosts."""
    sign_in(home)
    for authority in ("evil.test", "login.microsoftonline.com.evil.test", "127.0.0.1:1"):
        note(home, authority=authority)
        at = Redeemer()
        with pytest.raises(CredentialUnavailableError):
            make(at).get_token(SCOPE)
        assert not at.network.sent


def test_without_a_signed_in_user_it_is_unavailable(home: Home, make: Make) -> None:
    """The error says where to sign in. After signing in, the next call succeeds."""
    sign_in(home)
    credential = make()
    with pytest.raises(CredentialUnavailableError, match="signed in to Azure via Visual Studio Code") as caught:
        credential.get_token(SCOPE)
    assert "AzureCliCredential" in str(caught.value)
    note(home)
    assert credential.get_token(SCOPE).token == "ada-1"


MALFORMED: dict[str, dict[str, Any]] = {
    "no JSON": {"content": "{"},
    "an array": {"content": "[]"},
    "no text": {"content": b"\xff\xfe\x00"},
    "nothing": {"content": ""},
    "deep": {"content": "[" * 9000},
    "large": {"content": json.dumps({**RECORD, "more": "x" * 10_240})},
    "no authority": {"authority": None},
    "an authority with a user": {"authority": "login.microsoftonline.com@evil.test"},
    "an insecure authority": {"authority": "http://evil.test"},
    "an authority that is a number": {"authority": 7},
    "no account": {"homeAccountId": None},
    "an account that is a list": {"homeAccountId": ["canary"]},
    "no name": {"username": ""},
    "no tenant": {"tenantId": None},
    "a tenant with a path": {"tenantId": "../canary"},
    "another client": {"clientId": CLIENT},
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_record_is_ignored(home: Home, make: Make, case: str) -> None:
    """The reason does not quote it."""
    sign_in(home)
    note(home, **MALFORMED[case])
    at = Redeemer()
    message = "Failed to load authentication record from Visual Studio Code"
    with pytest.raises(CredentialUnavailableError, match=message) as caught:
        make(at).get_token(SCOPE)
    assert "canary" not in str(caught.value)
    assert "evil" not in str(caught.value)
    assert not at.network.sent


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_record_that_is_not_a_file_is_ignored(home: Home, make: Make) -> None:
    """A named pipe, a folder."""
    note(home)
    path = next(home.path.rglob("authRecord.json"))
    for replace in (os.mkfifo, os.mkdir):
        path.unlink()
        replace(path)
        with pytest.raises(CredentialUnavailableError, match="not a regular file"):
            make().get_token(SCOPE)


def test_a_change_of_account_is_noticed(home: Home, make: Make) -> None:
    """The next call uses the new account."""
    sign_in(home)
    sign_in(home, "eve")
    note(home)
    credential = make()
    assert credential.get_token(SCOPE).token == "ada-1"
    note(home, homeAccountId=f"eve.{TENANT}", username="eve@tenant.test")
    assert credential.get_token(SCOPE).token == "eve-2"


def test_tenants(home: Home, make: Make) -> None:
    """The account's own tenant, or that of the constructor. Others must be allowed."""
    note(home)
    sign_in(home)
    at = Redeemer()
    make(at, tenant_id=OTHER_TENANT).get_token(SCOPE)
    make(at, additionally_allowed_tenants=["*"]).get_token("other", tenant_id=OTHER_TENANT)
    with pytest.raises(ClientAuthenticationError, match="not configured to acquire tokens for tenant"):
        make(at).get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert [sent.url.split("/")[3] for sent in at.network.sent] == [OTHER_TENANT] * 2
    with pytest.raises(ValueError, match="Invalid tenant ID"):
        make(tenant_id="a/b")


def test_a_refusal_carries_the_error_of_the_authority(home: Home, make: Make) -> None:
    """The error has the response of the authority."""
    note(home)
    sign_in(home)
    with pytest.raises(EntraError, match="AADSTS700082") as caught:
        make(Redeemer("refresh")).get_token(SCOPE)
    assert caught.value.response is not None


def test_a_damaged_cache_is_empty(home: Home, make: Make) -> None:
    """Malformed entries are ignored."""
    note(home)
    sign_in(home)
    edit(home, "RefreshToken", secret=7)
    with pytest.raises(CredentialUnavailableError, match="azure-identity-broker"):
        make().get_token(SCOPE)
    home.write("{")
    with pytest.raises(CredentialUnavailableError, match="azure-identity-broker"):
        make().get_token(SCOPE)


def test_64_callers_cause_one_request(home: Home, driver: Driver, make: Make) -> None:
    """Threads or tasks."""
    note(home)
    sign_in(home)
    at = Redeemer(latency=0.02)
    credential = make(at)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * 64)
    assert {getattr(outcome, "token", outcome) for outcome in outcomes} == {"ada-1"}
    assert len(at.redeemed) == 1
