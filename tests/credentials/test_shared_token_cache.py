"""SharedTokenCacheCredential: the account, the refresh tokens it uses, and the errors."""

import logging
import pickle
import sys
from typing import Any

import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
import webidentity.aio
from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.records import with_variables
from tests.kit.replies import OTHER_TENANT, SCOPE, TENANT, client_info, refusal
from tests.kit.shared_cache import OPTIONS, PUBLIC, Home
from tests.kit.shared_sign_ins import (
    DEVELOPER_TOOLS,
    EDITOR,
    SHELL,
    Make,
    Redeemer,
    edit,
    entry,
    maker_of,
    record,
    sign_in,
)
from tests.kit.signing_in import signed_in
from webidentity import CredentialUnavailableError, EntraError, TokenCachePersistenceOptions
from webidentity.cache._persistent import PersistentFiles


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials over an authority."""
    return maker_of(driver, "SharedTokenCacheCredential")


def test_a_refresh_token_of_the_family_is_redeemed(home: Home, make: Make) -> None:
    """The developer tools' client redeems it in the account's home tenant; then the credential has its own token."""
    sign_in(home)
    authority = Redeemer()
    assert make(authority).get_token(SCOPE).token == "ada-1"
    (sent,) = authority.network.sent
    assert sent.url == f"{PUBLIC}/{TENANT}/oauth2/v2.0/token"
    assert sent.form["client_id"] == DEVELOPER_TOOLS
    assert sent.form["refresh_token"] == f"refresh-token-ada-{EDITOR}-{TENANT}"
    assert sent.form["scope"] == SCOPE
    assert make(authority).get_token(SCOPE).token == "ada-1"
    assert make(authority).get_token("other").token == "ada-2"
    assert authority.redeemed[1:] == [f"refresh-token-ada-{DEVELOPER_TOOLS}-1"]


def test_acquired_tokens_are_cached_as_msal_does(home: Home, make: Make) -> None:
    """Marked with the family, so that MSAL finds them. Entries of other programs are unchanged."""
    sign_in(home)
    theirs = entry(home, "RefreshToken", client_id=EDITOR)
    make().get_token(SCOPE)
    assert entry(home, "RefreshToken", client_id=EDITOR) == theirs
    assert entry(home, "RefreshToken", client_id=DEVELOPER_TOOLS)["family_id"] == "1"
    assert entry(home, "AppMetadata", client_id=DEVELOPER_TOOLS)["family_id"] == "1"
    cache = msal.SerializableTokenCache()
    cache.deserialize(home.file().read_text())
    application = msal.PublicClientApplication(
        DEVELOPER_TOOLS,
        authority=f"{PUBLIC}/{TENANT}",
        token_cache=cache,
        instance_discovery=False,
        http_client=_NoNetwork(),
    )
    (account,) = application.get_accounts("ada@tenant.test")
    assert application.acquire_token_silent([SCOPE], account)["access_token"] == "ada-1"


class _NoNetwork:
    def get(self, url: str, **_: Any) -> Any:
        base = f"{PUBLIC}/{TENANT}"
        document = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token", "issuer": base}
        with Canned(Reply(document)).transport() as transport:
            return transport.session.get(url)

    def post(self, url: str, **_: Any) -> Any:
        raise AssertionError(url)

    def close(self) -> None: ...


@pytest.mark.parametrize("username", [None, "ada@tenant.test", "ADA@Tenant.Test"])
@pytest.mark.parametrize("tenant", [None, TENANT])
def test_the_matching_account_is_selected(home: Home, make: Make, username: str | None, tenant: str | None) -> None:
    """The account is selected by username in any case, home tenant or both; a single account needs neither."""
    sign_in(home)
    if username:
        sign_in(home, "eve")
    if tenant:
        sign_in(home, tenant=OTHER_TENANT)
    assert make(None, username, tenant_id=tenant).get_token(SCOPE).token == "ada-1"


REASONS = {
    "no account": ({}, r"authentication unavailable\. No accounts were found in the cache"),
    "several": ({}, rf"Multiple accounts were found in the cache.*ada@tenant\.test, tenant: {TENANT}.*eve@tenant"),
    "another name": ({"username": "bob"}, r"No account matching the specified username: bob was found in the cache"),
    "another tenant": ({"tenant_id": OTHER_TENANT}, rf"No account matching the specified tenant: {OTHER_TENANT} was"),
    "a tenant of two": (
        {"tenant_id": TENANT},
        rf"Multiple accounts matching the specified tenant: {TENANT} were found",
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_no_match_and_several_matches_are_errors(home: Home, make: Make, case: str) -> None:
    """No token is served and nothing is sent."""
    options, reason = REASONS[case]
    if case != "no account":
        sign_in(home)
        sign_in(home, "eve")
    authority = Redeemer()
    with pytest.raises(CredentialUnavailableError, match=reason):
        make(authority, **options).get_token(SCOPE)
    assert not authority.network.sent


def test_one_username_in_two_tenants_is_ambiguous(home: Home, make: Make) -> None:
    """The username alone is not enough."""
    sign_in(home)
    sign_in(home, tenant=OTHER_TENANT)
    with pytest.raises(CredentialUnavailableError, match="Multiple accounts matching the specified username: ada@"):
        make(None, "ada@tenant.test").get_token(SCOPE)


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("RefreshToken", {"family_id": None}),
        ("RefreshToken", {"family_id": "2"}),
        ("RefreshToken", {"family_id": ["1"]}),
        ("RefreshToken", {"secret": None}),
        ("RefreshToken", {"secret": 7}),
        ("RefreshToken", {"client_id": {}}),
        ("RefreshToken", {"home_account_id": f"eve.{TENANT}"}),
        ("RefreshToken", {"environment": "login.chinacloudapi.cn"}),
        ("RefreshToken", {"environment": ["login.microsoftonline.com"]}),
        ("Account", {"home_account_id": ""}),
        ("Account", {"home_account_id": [1]}),
        ("Account", {"environment": "login.chinacloudapi.cn"}),
    ],
)
def test_malformed_entries_are_ignored(home: Home, make: Make, section: str, fields: dict[str, object]) -> None:
    """They raise no error."""
    sign_in(home)
    edit(home, section, **fields)
    with pytest.raises(CredentialUnavailableError, match="No accounts were found"):
        make().get_token(SCOPE)


@pytest.mark.parametrize("username", [None, 7, ""])
def test_an_account_without_a_username_is_found_by_tenant(home: Home, make: Make, username: object) -> None:
    """A value that is not a string is not a username."""
    sign_in(home)
    edit(home, "Account", username=username)
    with pytest.raises(CredentialUnavailableError, match="No account matching"):
        make(None, "ada@tenant.test").get_token(SCOPE)
    assert make(tenant_id=TENANT).get_token(SCOPE).token == "ada-1"


@pytest.mark.parametrize("authority", ["login.microsoftonline.com", "https://login.windows.net", "sts.windows.net"])
def test_all_hosts_of_a_cloud_are_equivalent(home: Home, make: Make, authority: str) -> None:
    """The other program may have used any host of the cloud."""
    sign_in(home, authority="https://login.windows.net")
    assert make(authority=authority).get_token(SCOPE).token == "ada-1"
    with pytest.raises(CredentialUnavailableError, match="No accounts were found"):
        make(authority="login.chinacloudapi.cn").get_token(SCOPE)


@pytest.mark.parametrize("cae", [False, True])
def test_both_cache_files_are_read(home: Home, make: Make, cae: bool) -> None:
    """An account that signed in with CAE is the same account without it."""
    sign_in(home, cae=True)
    assert make().get_token(SCOPE, enable_cae=cae).token == "ada-1"
    sign_in(home, client_id=SHELL)
    assert make().get_token("other").token == "ada-1"


def test_other_refresh_tokens_are_tried_after_a_refusal(home: Home, make: Make) -> None:
    """The family's newest first. The credential's own is deleted once it is refused."""
    sign_in(home, client_id=EDITOR, now=1)
    sign_in(home, client_id=SHELL, now=2)
    authority = Redeemer(f"refresh-token-ada-{SHELL}")
    assert make(authority).get_token(SCOPE).token == "ada-2"
    assert authority.redeemed == [f"refresh-token-ada-{client}-{TENANT}" for client in (SHELL, EDITOR)]
    authority.spent = (f"refresh-token-ada-{DEVELOPER_TOOLS}",)
    assert make(authority).get_token("other").token == "ada-4"
    assert authority.redeemed[2:] == [f"refresh-token-ada-{DEVELOPER_TOOLS}-2", f"refresh-token-ada-{SHELL}-{TENANT}"]
    assert entry(home, "RefreshToken", client_id=DEVELOPER_TOOLS)["secret"].endswith("-4")


def test_a_refusal_carries_the_error_of_the_authority(home: Home, make: Make) -> None:
    """The tokens of other programs stay in the cache."""
    sign_in(home)
    with pytest.raises(EntraError, match=r"Token acquisition failed.*ada@tenant\.test.*AADSTS700082") as caught:
        make(Redeemer("refresh")).get_token(SCOPE)
    assert caught.value.response is not None
    assert caught.value.error_codes == (700082,)
    assert not isinstance(caught.value, CredentialUnavailableError)
    assert home.secrets("RefreshToken") == [f"refresh-token-ada-{EDITOR}-{TENANT}"]


def test_a_reply_for_a_different_account_is_refused(home: Home, make: Make) -> None:
    """The refresh token was stored by another program under the wrong account."""
    sign_in(home)
    for more in ({}, {"id_token": None}):
        reply = signed_in("eve", "eve's", client_info=client_info("eve"), **more)
        with pytest.raises(ClientAuthenticationError, match="belongs to a different account"):
            make(Canned(reply)).get_token(SCOPE)
    assert "eve's" not in home.file().read_text()


def test_a_token_of_another_client_is_not_served(home: Home, make: Make) -> None:
    """Tokens of another client or tenant are not served, because the resource would see the other client."""
    sign_in(home, scope=SCOPE)
    assert make().get_token(SCOPE).token == "ada-1"


def test_a_call_may_name_a_tenant(home: Home, make: Make) -> None:
    """One in which the account is a guest."""
    sign_in(home)
    authority = Redeemer()
    credential = make(authority)
    assert credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token == "ada-1"
    assert credential.get_token(SCOPE).token == "ada-2"
    assert [sent.url.split("/")[3] for sent in authority.network.sent] == [OTHER_TENANT, TENANT]


def test_sign_in_and_sign_out_are_noticed(home: Home, make: Make) -> None:
    """The next call sees the change, although a token was served before."""
    sign_in(home)
    credential = make()
    credential.get_token(SCOPE)
    known = home.content()
    sign_in(home, "eve")
    with pytest.raises(CredentialUnavailableError, match="Multiple accounts"):
        credential.get_token(SCOPE)
    home.write(known)
    assert credential.get_token(SCOPE).token == "ada-1"
    home.write({})
    with pytest.raises(CredentialUnavailableError, match="No accounts"):
        credential.get_token(SCOPE)


def test_unchanged_files_are_not_parsed_again(home: Home, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is parsed again only when a program has changed it."""
    sign_in(home)
    authority = Redeemer()
    credential = make(authority)
    credential.get_token(SCOPE)
    credential.get_token(SCOPE)  # the first call changed the file
    monkeypatch.setattr("webidentity.cache._msal_file.parse_object", lambda _: pytest.fail("parsed"))
    monkeypatch.setattr("webidentity.cache._shared_accounts.SharedAccounts.of", lambda *_: pytest.fail("searched"))
    credential.get_token(SCOPE)
    assert len(authority.network.sent) == 1


def test_64_callers_cause_one_request(home: Home, driver: Driver, make: Make) -> None:
    """Threads or tasks."""
    sign_in(home)
    authority = Redeemer(latency=0.02)
    credential = make(authority)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * 64)
    assert {getattr(outcome, "token", outcome) for outcome in outcomes} == {"ada-1"}
    assert len(authority.redeemed) == 1


def test_a_token_that_expires_soon_is_refreshed(home: Home, make: Make, driver: Driver, clock: Clock) -> None:
    """A token in its refresh window is served while it is renewed, and an expired token is not served."""
    sign_in(home)
    authority = Redeemer()
    credential = make(authority)
    for passed, served, renewed in (
        (0, "ada-1", "ada-1"),
        (3000, "ada-1", "ada-1"),
        (400, "ada-1", "ada-2"),
        (4000, "ada-3", "ada-3"),
    ):
        clock.advance(passed)
        assert credential.get_token(SCOPE).token == served
        driver.settle()
        assert credential.get_token(SCOPE).token == renewed


@pytest.mark.parametrize("by_record", [False, True])
def test_without_a_cache_it_is_unavailable(home: Home, make: Make, by_record: bool) -> None:
    """The error is not a ValueError, so a chain tries the next credential. No test machine has libsecret."""
    sign_in(home)
    options = {"authentication_record": record()} if by_record else {}
    with pytest.raises(CredentialUnavailableError, match=r"Shared token cache unavailable.*encryption is impossible"):
        make(cache_persistence_options=TokenCachePersistenceOptions(), **options).get_token(SCOPE)


def test_a_home_that_is_not_a_folder_is_an_empty_cache(home: Home, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential is unavailable without a warning, so that a chain continues."""
    (home.path / "file").touch()
    monkeypatch.setenv("HOME", str(home.path / "file"))
    with pytest.raises(CredentialUnavailableError, match="Shared token cache unavailable"):
        make().get_token(SCOPE)


def test_a_damaged_cache_has_no_account(home: Home, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """It is not overwritten, and a warning is logged."""
    home.write("{ no JSON")
    with pytest.raises(CredentialUnavailableError, match="No accounts were found"):
        make().get_token(SCOPE)
    assert "damaged" in caplog.text
    assert home.file().read_text() == "{ no JSON"


def test_the_options_name_the_cache(home: Home, make: Make) -> None:
    """The options can name a cache other than the default one."""
    sign_in(home)
    named = TokenCachePersistenceOptions(allow_unencrypted_storage=True, name="mine")
    with pytest.raises(CredentialUnavailableError, match="No accounts were found"):
        make(cache_persistence_options=named).get_token(SCOPE)
    assert make(cache_persistence_options=OPTIONS).get_token(SCOPE).token == "ada-1"


@pytest.mark.parametrize(
    ("platform", "supported"),
    [("linux", True), ("darwin", True), ("win32", True), ("sunos5", False), ("cygwin", False)],
)
def test_supported(home: Home, make: Make, monkeypatch: pytest.MonkeyPatch, platform: str, supported: bool) -> None:
    """A static method of the class. On other platforms get_token says so."""
    credential = make()
    monkeypatch.setattr(sys, "platform", platform)
    for package in (webidentity, webidentity.aio):
        assert package.SharedTokenCacheCredential.supported() is supported
    assert credential.raw.supported() is supported
    if not supported:
        with pytest.raises(CredentialUnavailableError, match="not supported on this platform"):
            credential.get_token(SCOPE)


def test_usernames_in_messages_have_no_line_breaks(home: Home, make: Make) -> None:
    """Messages have one line even if another program wrote line breaks into the file."""
    sign_in(home)
    sign_in(home, "eve")
    edit(home, "Account", username="ada\n\x1b[31mroot")
    with pytest.raises(CredentialUnavailableError) as caught:
        make().get_token(SCOPE)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_no_cache_file_is_created(home: Home, make: Make) -> None:
    """The credential does not create a missing file."""
    with pytest.raises(CredentialUnavailableError):
        make().get_token(SCOPE)
    assert not [path for path in home.path.rglob("*") if path.is_file()]


def test_no_secret_is_shown(home: Home, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Errors, their frames and the log contain no secret, even if the authority echoes it."""
    caplog.set_level(logging.DEBUG)
    sign_in(home)
    secret = f"refresh-token-ada-{EDITOR}-{TENANT}"
    authority = Redeemer("refresh")
    authority.refusal = refusal("invalid_grant", f"You sent {secret}.")
    credential = make(authority)
    with pytest.raises(EntraError) as caught:
        credential.get_token(SCOPE)
    shown = [with_variables(caught.value), caplog.text, repr(credential.raw), repr(vars(credential.raw))]
    shown.append(repr(PersistentFiles(OPTIONS).accounts(frozenset({"login.microsoftonline.com"}))))
    assert all(secret not in text for text in shown)
    assert "ada@tenant.test" in shown[-1]


def test_a_pickled_credential_works(home: Home) -> None:
    """The copy works in another process with the same files, and the pickle contains no tokens."""
    sign_in(home)
    credential = webidentity.SharedTokenCacheCredential()
    assert f"refresh-token-ada-{EDITOR}" not in str(pickle.dumps(credential))
    copy = pickle.loads(pickle.dumps(credential))
    at = Redeemer()
    copy._driver = webidentity.SharedTokenCacheCredential(transport=at.transport())._driver
    assert copy.get_token(SCOPE).token == "ada-1"
    assert home.secrets()[-1] == "ada-1"
