"""UsernamePasswordCredential at the local tenant and its federation server."""

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
from tests.kit.replies import CLIENT, SCOPE, refusal
from webidentity import EntraError, TokenCachePersistenceOptions
from webidentity._protocol.token_reply import decode_unverified
from webidentity.cache import TokenCache
from webidentity.testing import LocalTenant

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
PASSWORDS = ["simple", "a&b<c>\"d'e", "]]>", "ü ß ✓ 🔑", "tab\tline\nreturn\r.", " spaces ", "%20+&amp;", "x" * 200]
CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
USERS = {"managed": "ada@tenant.test", "federated": "eve@fed.test"}
Make = Callable[..., Credential]

pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")


@pytest.fixture
def tenant(clock: Clock) -> LocalTenant:
    """A tenant with a user of its own, and one whose password a federation server knows."""
    tenant = LocalTenant(clock=clock)
    tenant.add_user(USERS["managed"], password="canary-password", name="Ada")
    tenant.add_user(USERS["federated"], password="canary-password", name="Eve", federated=True)
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
    return credential.raw._pipeline._options["transport"].requests  # type: ignore[no-any-return]


def paths_of(credential: Credential) -> list[str]:
    """Return where its requests went."""
    return [f"{sent.method} {urlsplit(sent.url).path}" for sent in requests_of(credential)]


@pytest.mark.parametrize("username", USERS.values(), ids=list(USERS))
def test_a_user_signs_in_once(make: Make, username: str, clock: Clock) -> None:
    """From then on, refresh tokens do it, and the password stays at home."""
    credential = make(username)
    for scope in (READ, READ, FILES):
        claims = decode_unverified(credential.get_token(scope).token)
        assert claims["preferred_username"] == username
    clock.advance(4000)
    credential.get_token(READ)
    grants = [sent.form.get("grant_type") for sent in requests_of(credential) if sent.path.endswith("/token")]
    assert grants[1:] == ["refresh_token", "refresh_token"]
    assert sum("canary-password" in sent.body.decode() for sent in requests_of(credential)) == 1


def test_the_requests_for_a_managed_user(make: Make) -> None:
    """The realm, then the password grant (RFC 6749 section 4.3.2)."""
    credential = make(USERS["managed"])
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
        "username": USERS["managed"],
        "password": "canary-password",
        "scope": f"openid profile offline_access {READ}",
    }


def test_the_requests_for_a_federated_user(make: Make) -> None:
    """The newest version of WS-Trust; Entra is never sent the password."""
    credential = make(USERS["federated"])
    credential.get_token(READ)
    assert paths_of(credential) == [
        "GET /common/userrealm/eve%40fed.test",
        "GET /adfs/services/trust/mex",
        "POST /adfs/services/trust/13/usernamemixed",
        "POST /organizations/oauth2/v2.0/token",
    ]
    form = requests_of(credential)[-1].form
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
    assert not {"username", "password"} & form.keys()


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
@pytest.mark.parametrize("federated", [False, True])
def test_any_password_arrives_as_it_is(make: Make, tenant: LocalTenant, password: str, federated: bool) -> None:
    """Whatever characters it has, in a form and in XML."""
    tenant.add_user("joe@other.test", password=password, name="Joe", federated=federated)
    assert make("joe@other.test", password).get_token(READ).token
    with pytest.raises(ClientAuthenticationError):
        make("joe@other.test", f"{password}x").get_token(READ)


@pytest.mark.parametrize(("username", "said"), [(USERS["managed"], "AADSTS50126"), (USERS["federated"], "ID3242")])
def test_a_wrong_password_is_tried_once(make: Make, username: str, said: str) -> None:
    """AD FS answers it with HTTP 500, which is no reason to try again: three wrong tries may lock the account."""
    credential = make(username, "canary-wrong")
    with pytest.raises(EntraError, match=said) as caught:
        credential.get_token(READ)
    assert caught.value.error == "invalid_grant"
    assert caught.value.response is not None
    assert "canary" not in str(caught.value)
    assert sum("canary-wrong" in sent.body.decode() for sent in requests_of(credential)) == 1


@pytest.mark.parametrize("username", USERS.values(), ids=list(USERS))
def test_what_a_password_cannot_prove_is_an_error(make: Make, tenant: LocalTenant, username: str) -> None:
    """Multi-factor authentication: the claims say what a sign-in in a browser would need, the text who can do it."""
    tenant.require_claims(username, tenant.graph, CLAIMS)
    with pytest.raises(EntraError, match="AADSTS50076") as caught:
        make(username).get_token(READ)
    error = caught.value
    assert str(error).endswith("Use InteractiveBrowserCredential or DeviceCodeCredential.")
    assert "Multi-factor authentication is required" in str(error)
    assert (error.error, error.error_codes, error.claims) == ("interaction_required", (50076,), CLAIMS)
    assert error.response is not None
    assert error.correlation_id


def test_more_is_required_later(make: Make, tenant: LocalTenant) -> None:
    """The refresh token is refused, then the password: nobody is served a token that was refused."""
    credential = make(USERS["managed"])
    credential.get_token(READ)
    tenant.require_claims(USERS["managed"], tenant.graph, CLAIMS)
    with pytest.raises(EntraError, match="nothing but the password"):
        credential.get_token(FILES)


def test_64_callers_try_a_wrong_password_once(driver: Driver) -> None:
    """Otherwise one program locks the account."""
    refused = refusal("invalid_grant", "AADSTS50126: wrong.", error_codes=[50126])
    at = Federated(managed(), token=refused, latency=0.2)
    credential = driver.credential("UsernamePasswordCredential", at.network, CLIENT, "u", "canary")
    outcomes = driver.together([lambda: credential.raw.get_token(READ)] * 64)
    assert {type(outcome) for outcome in outcomes} == {EntraError}
    assert len(at.urls) == 2


def test_a_user_whom_nobody_knows(make: Make) -> None:
    """Is Entra's to refuse."""
    with pytest.raises(EntraError, match="AADSTS50034"):
        make("nobody@nowhere.test").get_token(READ)


def test_64_callers_sign_in_once(driver: Driver, make: Make) -> None:
    """Threads or tasks."""
    credential = make(USERS["federated"])
    outcomes = driver.together([lambda: credential.raw.get_token(READ)] * 64)
    assert len({outcome.token for outcome in outcomes}) == 1
    assert len(requests_of(credential)) == 4


def test_each_credential_signs_in_itself(make: Make) -> None:
    """A cache that has the user's tokens does not make up for a password that is wrong."""
    cache = TokenCache()
    make(USERS["managed"], token_cache=cache).get_token(READ)
    with pytest.raises(EntraError, match="AADSTS50126"):
        make(USERS["managed"], "wrong", token_cache=cache).get_token(READ)


def test_authenticate_signs_in_again(make: Make) -> None:
    """And returns the account."""
    credential = make(USERS["managed"])
    credential.get_token(READ)
    record = credential.authenticate(scopes=[READ])
    assert record.username == USERS["managed"]
    assert [path.partition(" ")[0] for path in paths_of(credential)] == ["GET", "POST"] * 2


def test_a_cache_that_cannot_be_opened_is_found_out_first(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the password goes anywhere."""
    monkeypatch.setenv("HOME", str(tmp_path))
    credential = make(USERS["managed"], cache_persistence_options=TokenCachePersistenceOptions(name="x"))
    with pytest.raises(ValueError, match="allow_unencrypted_storage"):
        credential.get_token(READ)
    assert requests_of(credential) == []


def test_an_account_of_an_earlier_sign_in_is_not_taken(make: Make) -> None:
    """As by the peer, whose keyword it would be: the password has to be right first."""
    cache = TokenCache()
    first = make(USERS["managed"], token_cache=cache)
    record = first.authenticate(scopes=[READ])
    second = make(USERS["managed"], "wrong", token_cache=cache, authentication_record=record)
    with pytest.raises(EntraError, match="AADSTS50126"):
        second.get_token(READ)


def line_of_this_call() -> int:
    """Return the line of the caller."""
    return sys._getframe(1).f_lineno


@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_it_is_deprecated_where_it_is_made(package: Any) -> None:
    """The warning names the line of the caller."""
    with pytest.warns(DeprecationWarning, match="UsernamePasswordCredential is deprecated") as warned:
        package.UsernamePasswordCredential(CLIENT, "ada@tenant.test", "password")
    line = line_of_this_call() - 1
    assert [(Path(each.filename), each.lineno) for each in warned] == [(Path(__file__), line)]


@pytest.mark.parametrize("name", ["EnvironmentCredential", "DefaultAzureCredential"])
@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_it_is_deprecated_where_the_environment_is_used(
    package: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not somewhere in this library, from where Python shows no such warning."""
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
def test_each_of_them_is_text(driver: Driver, given: tuple[Any, Any, Any]) -> None:
    """Or the constructor says that it is not, without saying what it is."""
    with pytest.raises(ValueError, match=r"client_id|username and password") as caught:
        driver.credential("UsernamePasswordCredential", Canned(), *given)
    assert "canary" not in "".join([*traceback.format_exception(caught.value), repr(caught.value.args)])


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        (federated(protocol="SAMLP"), "not WS-Trust"),
        (federated("http://fed.test/mex"), "not one of https"),
        (federated("https://user:pw@fed.test/mex"), "not one of https"),
        (federated("ftp://fed.test/mex"), "not one of https"),
        (federated("https://[::1"), "not one of https"),
        (federated(""), "not one of https"),
        (federated("https://fed.test:65536/mex"), "not one of https"),
        (federated("https://fed.test/mex\r\nX: y"), "not one of https"),
        (federated("", federation_active_auth_url="http://fed.test/adfs/services/trust/13/usernamemixed"), "https"),
        (federated("", federation_active_auth_url="https://fed.test/other"), "publishes no metadata"),
        (federated(federation_metadata_url=["https://fed.test/mex"]), "not one of https"),
        (federated(federation_protocol=None), "not WS-Trust"),
        (Reply("<html>", 200), "where the user is at home"),
        (Reply({}, 500), "where the user is at home"),
        (Reply("", 302, {"Location": "https://evil.test"}), "where the user is at home"),
        (Reply([], 200), "where the user is at home"),  # type: ignore[arg-type]
    ],
)
def test_a_realm_that_cannot_be_trusted_gets_no_password(driver: Driver, realm: Reply, said: str) -> None:
    """Nothing is sent but the question."""
    network = Federated(realm).network
    credential = driver.credential("UsernamePasswordCredential", network, CLIENT, "u@fed.test", "canary", retry_total=0)
    with pytest.raises(ClientAuthenticationError, match=re.escape(said)):
        credential.get_token(SCOPE)
    assert len(network.sent) == 1


def test_an_adfs_authority_has_no_realm_to_ask(driver: Driver) -> None:
    """It is the federation server."""
    network = Federated(managed()).network
    credential = driver.credential(
        "UsernamePasswordCredential", network, CLIENT, "u", "p", tenant_id="adfs", authority="https://adfs.test"
    )
    credential.get_token(SCOPE)
    assert [sent.url for sent in network.sent] == ["https://adfs.test/adfs/oauth2/v2.0/token"]


def test_no_warning_comes_later() -> None:
    """Only the construction warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        credential = webidentity.UsernamePasswordCredential(
            CLIENT, "u", "p", transport=Federated(managed()).network.transport()
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        credential.get_token(SCOPE)
