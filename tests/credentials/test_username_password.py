"""UsernamePasswordCredential at the local tenant."""

import re
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
import webidentity.aio
from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver
from tests.kit.federation import Federated, federated, managed
from tests.kit.joined_callers import AllJoined
from tests.kit.replies import CLIENT, SCOPE, refusal
from webidentity import EntraError, TokenCachePersistenceOptions
from webidentity._protocol.token_reply import decode_unverified
from webidentity.cache import TokenCache
from webidentity.testing import LocalTenant

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
PASSWORDS = ["simple", "a&b<c>\"d'e", "]]>", "ü ß ✓ 🔑", "tab\tline\nreturn\r.", " spaces ", "%20+&amp;", "x" * 200]
CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
USERNAME = "ada@tenant.test"
Make = Callable[..., Credential]

pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")


@pytest.fixture
def tenant(clock: Clock) -> LocalTenant:
    """A tenant with a user and a public client that has consent."""
    tenant = LocalTenant(clock=clock)
    tenant.add_user(USERNAME, password="canary-password", name="Ada")
    app = tenant.add_app("script", public_client=True)
    tenant.grant_admin_consent(app, tenant.graph, ["User.Read", "Files.Read"])
    return tenant


@pytest.fixture
def make(driver: Driver, tenant: LocalTenant) -> Make:
    """Makes credentials of a script."""

    def made(username: str, password: str = "canary-password", **options: Any) -> Credential:
        client_id = tenant.apps[-1].client_id
        given = {"authority": tenant.base_url, **options}
        return driver.credential("UsernamePasswordCredential", tenant, client_id, username, password, **given)

    return made


def requests_of(credential: Credential) -> list[Any]:
    """Return what a credential sent."""
    return credential.raw._pipeline._options["transport"].requests


def paths_of(credential: Credential) -> list[str]:
    """Return where its requests went."""
    return [f"{sent.method} {urlsplit(sent.url).path}" for sent in requests_of(credential)]


def test_password_is_sent_once_and_refresh_tokens_are_used_from_then_on(make: Make, clock: Clock) -> None:
    """Other scopes and expired tokens use the refresh token."""
    credential = make(USERNAME)
    for scope in (READ, READ, FILES):
        claims = decode_unverified(credential.get_token(scope).token)
        assert claims["preferred_username"] == USERNAME
    clock.advance(4000)
    credential.get_token(READ)
    grants = [sent.form.get("grant_type") for sent in requests_of(credential) if sent.path.endswith("/token")]
    assert grants[1:] == ["refresh_token", "refresh_token"]
    assert sum("canary-password" in sent.body.decode() for sent in requests_of(credential)) == 1


def test_requests_of_a_sign_in(make: Make) -> None:
    """The user's realm, then the password grant (RFC 6749 section 4.3.2)."""
    credential = make(USERNAME)
    credential.get_token(READ)
    assert paths_of(credential) == [
        "GET /common/userrealm/ada%40tenant.test",
        "POST /organizations/oauth2/v2.0/token",
    ]
    form = requests_of(credential)[-1].form
    assert form.pop("client_id")
    assert form == {
        "client_info": "1",
        "grant_type": "password",
        "username": USERNAME,
        "password": "canary-password",
        "scope": f"openid profile offline_access {READ}",
    }


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
def test_password_arrives_unchanged(make: Make, tenant: LocalTenant, password: str) -> None:
    """The authority receives any characters of the password unchanged."""
    tenant.add_user("joe@other.test", password=password, name="Joe")
    assert make("joe@other.test", password).get_token(READ).token
    with pytest.raises(ClientAuthenticationError):
        make("joe@other.test", f"{password}x").get_token(READ)


def test_wrong_password_is_sent_once(make: Make) -> None:
    """A few wrong passwords lock the account."""
    credential = make(USERNAME, "canary-wrong")
    with pytest.raises(EntraError, match="AADSTS50126") as caught:
        credential.get_token(READ)
    assert caught.value.error == "invalid_grant"
    assert caught.value.response is not None
    assert "canary" not in str(caught.value)
    assert sum("canary-wrong" in sent.body.decode() for sent in requests_of(credential)) == 1


def test_required_second_factor_is_an_error(make: Make, tenant: LocalTenant) -> None:
    """The error has the claims for a sign-in in a browser, and its message names the credentials for that."""
    tenant.require_claims(USERNAME, tenant.graph, CLAIMS)
    with pytest.raises(EntraError, match="AADSTS50076") as caught:
        make(USERNAME).get_token(READ)
    error = caught.value
    assert str(error).endswith("Use InteractiveBrowserCredential or DeviceCodeCredential.")
    assert "Multi-factor authentication is required" in str(error)
    assert (error.error, error.error_codes, error.claims) == ("interaction_required", (50076,), CLAIMS)
    assert error.response is not None
    assert error.correlation_id


def test_second_factor_required_after_the_sign_in_is_an_error(make: Make, tenant: LocalTenant) -> None:
    """The refresh token is refused, then the password."""
    credential = make(USERNAME)
    credential.get_token(READ)
    tenant.require_claims(USERNAME, tenant.graph, CLAIMS)
    with pytest.raises(EntraError, match="has only the password"):
        credential.get_token(FILES)


def test_concurrent_callers_send_a_wrong_password_once(driver: Driver, all_joined: AllJoined) -> None:
    """Otherwise one program could lock the account."""
    refused = refusal("invalid_grant", "AADSTS50126: wrong.", error_codes=[50126])
    at = Federated(managed(), token=refused)
    at.network.before = all_joined(64)
    credential = driver.credential("UsernamePasswordCredential", at.network, CLIENT, "u", "canary")
    outcomes = driver.together([lambda: credential.raw.get_token(READ)] * 64)
    assert {type(outcome) for outcome in outcomes} == {EntraError}
    assert len(at.urls) == 2


def test_unknown_user_is_refused_by_entra(make: Make) -> None:
    """The realm of an unknown domain is not an error."""
    with pytest.raises(EntraError, match="AADSTS50034"):
        make("unknown@nowhere.test").get_token(READ)


def test_concurrent_callers_share_one_sign_in(driver: Driver, make: Make) -> None:
    """Threads or tasks."""
    credential = make(USERNAME)
    outcomes = driver.together([lambda: credential.raw.get_token(READ)] * 64)
    assert len({outcome.token for outcome in outcomes}) == 1
    assert len(requests_of(credential)) == 2


def test_shared_cache_does_not_replace_a_right_password(make: Make) -> None:
    """Each credential signs in itself, even if the cache has tokens of the user."""
    cache = TokenCache()
    make(USERNAME, token_cache=cache).get_token(READ)
    with pytest.raises(EntraError, match="AADSTS50126"):
        make(USERNAME, "wrong", token_cache=cache).get_token(READ)


def test_authenticate_signs_in_again(make: Make) -> None:
    """It returns the account."""
    credential = make(USERNAME)
    credential.get_token(READ)
    record = credential.authenticate(scopes=[READ])
    assert record.username == USERNAME
    assert [path.partition(" ")[0] for path in paths_of(credential)] == ["GET", "POST"] * 2


def test_unusable_cache_is_reported_before_the_sign_in(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is sent."""
    monkeypatch.setenv("HOME", str(tmp_path))
    credential = make(USERNAME, cache_persistence_options=TokenCachePersistenceOptions(name="x"))
    with pytest.raises(ValueError, match="allow_unencrypted_storage"):
        credential.get_token(READ)
    assert requests_of(credential) == []


def test_authentication_record_does_not_replace_a_right_password(make: Make) -> None:
    """The first call signs in, as in azure-identity."""
    cache = TokenCache()
    first = make(USERNAME, token_cache=cache)
    record = first.authenticate(scopes=[READ])
    second = make(USERNAME, "wrong", token_cache=cache, authentication_record=record)
    with pytest.raises(EntraError, match="AADSTS50126"):
        second.get_token(READ)


def line_of_this_call() -> int:
    """Return the line of the caller."""
    return sys._getframe(1).f_lineno


@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_deprecation_warning_points_at_the_caller(package: Any) -> None:
    """The warning has the line of the constructor call."""
    with pytest.warns(DeprecationWarning, match="UsernamePasswordCredential is deprecated") as warned:
        package.UsernamePasswordCredential(CLIENT, "ada@tenant.test", "password")
    line = line_of_this_call() - 1
    assert [(Path(each.filename), each.lineno) for each in warned] == [(Path(__file__), line)]


@pytest.mark.parametrize("name", ["EnvironmentCredential", "DefaultAzureCredential"])
@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_deprecation_warning_points_at_the_caller_of_an_environment_credential(
    package: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python hides deprecation warnings that point into a library."""
    for variable in ("CLIENT_ID", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"AZURE_{variable}", CLIENT)
    with pytest.warns(DeprecationWarning, match="UsernamePasswordCredential is deprecated") as warned:
        getattr(package, name)()
    line = line_of_this_call() - 1
    assert [(Path(each.filename), each.lineno) for each in warned] == [(Path(__file__), line)]


@pytest.mark.parametrize(
    "given",
    [
        ("", "u", "p"),
        (CLIENT, "", "p"),
        (CLIENT, "u", ""),
        (CLIENT, None, "p"),
        (CLIENT, "u", None),
        (CLIENT, "u", b"canary"),
        (CLIENT, "u", "canary\ud83d"),
        (CLIENT, "canary\ud83d", "p"),
    ],
)
def test_arguments_have_to_be_text(driver: Driver, given: tuple[Any, Any, Any]) -> None:
    """The error does not quote them."""
    with pytest.raises(ValueError, match=r"client_id|username and password") as caught:
        driver.credential("UsernamePasswordCredential", Canned(), *given)
    assert "canary" not in "".join([*traceback.format_exception(caught.value), repr(caught.value.args)])


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        (federated(protocol="SAMLP"), "not WS-Trust"),
        (federated("http://fed.test/mex"), "has no https address"),
        (federated("https://user:pw@fed.test/mex"), "has no https address"),
        (federated("ftp://fed.test/mex"), "has no https address"),
        (federated("https://[::1"), "has no https address"),
        (federated(""), "has no https address"),
        (federated("https://fed.test:65536/mex"), "has no https address"),
        (federated("https://fed.test/mex\r\nX: y"), "has no https address"),
        (federated("", federation_active_auth_url="http://fed.test/adfs/services/trust/13/usernamemixed"), "no https"),
        (federated("", federation_active_auth_url="https://fed.test/other"), "no endpoint for passwords"),
        (federated(federation_metadata_url=["https://fed.test/mex"]), "has no https address"),
        (federated(federation_protocol=None), "not WS-Trust"),
        (Reply("<html>", 200), "sent no user realm"),
        (Reply({}, 500), "sent no user realm"),
        (Reply("", 302, {"Location": "https://evil.test"}), "sent no user realm"),
        (Reply([], 200), "sent no user realm"),
    ],
)
def test_unusable_realm_is_an_error(driver: Driver, realm: Reply, said: str) -> None:
    """The realm request is the only request, and no password is sent."""
    network = Federated(realm).network
    credential = driver.credential("UsernamePasswordCredential", network, CLIENT, "u@fed.test", "canary", retry_total=0)
    with pytest.raises(ClientAuthenticationError, match=re.escape(said)):
        credential.get_token(SCOPE)
    assert len(network.sent) == 1


def test_realm_is_not_requested_at_an_adfs_authority(driver: Driver) -> None:
    """AD FS checks the password itself."""
    network = Federated(managed()).network
    credential = driver.credential(
        "UsernamePasswordCredential", network, CLIENT, "u", "p", tenant_id="adfs", authority="https://adfs.test"
    )
    credential.get_token(SCOPE)
    assert [sent.url for sent in network.sent] == ["https://adfs.test/adfs/oauth2/v2.0/token"]


def test_only_the_constructor_warns() -> None:
    """get_token does not warn again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        credential = webidentity.UsernamePasswordCredential(
            CLIENT, "u", "p", transport=Federated(managed()).network.transport()
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        credential.get_token(SCOPE)
