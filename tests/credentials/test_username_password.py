"""UsernamePasswordCredential at the local tenant and its federation server."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import HeadersPolicy

import webidentity
import webidentity.aio
from tests.canned import Canned, Reply, Sent
from tests.clock import Clock
from tests.credentials.signing_in import signed_in
from tests.credentials.test_secrecy import all_logs
from tests.drivers import Credential, Driver
from tests.replies import CLIENT, SCOPE
from webidentity import EntraError, TokenCachePersistenceOptions
from webidentity.cache import TokenCache
from webidentity.protocol.token_reply import decode_unverified
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


def test_what_a_password_cannot_prove_is_an_error(make: Make, tenant: LocalTenant) -> None:
    """Multi-factor authentication: the claims say what a sign-in in a browser would need."""
    tenant.require_claims(USERS["managed"], tenant.graph, CLAIMS)
    with pytest.raises(EntraError, match="AADSTS50076") as caught:
        make(USERS["managed"]).get_token(READ)
    assert caught.value.claims == CLAIMS


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


@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_it_is_deprecated_where_it_is_made(package: Any) -> None:
    """The warning names the line of the caller."""
    with pytest.warns(DeprecationWarning, match="UsernamePasswordCredential is deprecated") as warned:
        package.UsernamePasswordCredential(CLIENT, "ada@tenant.test", "password")
    assert Path(warned[0].filename) == Path(__file__)


@pytest.mark.parametrize("given", [("", "u", "p"), (CLIENT, "", "p"), (CLIENT, "u", "")])
def test_nothing_of_it_may_be_empty(driver: Driver, given: tuple[str, str, str]) -> None:
    """At construction."""
    with pytest.raises(ValueError, match=r"client_id|username and password"):
        driver.credential("UsernamePasswordCredential", Canned(), *given)


class Realm:
    """A canned network: a realm, a federation server and a token endpoint."""

    def __init__(self, realm: Any = None, mex: Any = None, trust: Any = None, token: Any = None) -> None:
        self.realm = realm or Reply({"account_type": "Managed"})
        self.mex, self.trust = mex, trust
        self.token = token or signed_in()
        self.network = Canned(answer=self._answer)

    def _answer(self, sent: Sent) -> Reply:
        if "/userrealm/" in sent.url:
            return self.realm  # type: ignore[no-any-return]
        if sent.url.endswith("/oauth2/v2.0/token"):
            return self.token  # type: ignore[no-any-return]
        return self.mex if sent.method == "GET" else self.trust  # type: ignore[no-any-return]


def federated(metadata_url: str = "https://fed.test/mex", protocol: str = "WSTrust", **more: Any) -> Reply:
    """Return the realm of a federated user."""
    members = {"account_type": "Federated", "federation_protocol": protocol, "federation_metadata_url": metadata_url}
    return Reply({**members, **more})


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        (federated(protocol="SAMLP"), "not WS-Trust"),
        (federated("http://fed.test/mex"), "not one of https"),
        (federated("https://user:pw@fed.test/mex"), "not one of https"),
        (federated("ftp://fed.test/mex"), "not one of https"),
        (federated("https://[::1"), "not one of https"),
        (federated(""), "not one of https"),
        (Reply("<html>", 200), "where the user is at home"),
        (Reply({}, 500), "where the user is at home"),
        (Reply("", 302, {"Location": "https://evil.test"}), "where the user is at home"),
        (Reply([], 200), "where the user is at home"),  # type: ignore[arg-type]
    ],
)
def test_a_realm_that_cannot_be_trusted_gets_no_password(driver: Driver, realm: Reply, said: str) -> None:
    """Nothing is sent but the question."""
    network = Realm(realm).network
    credential = driver.credential("UsernamePasswordCredential", network, CLIENT, "u@fed.test", "canary", retry_total=0)
    with pytest.raises(ClientAuthenticationError, match=re.escape(said)):
        credential.get_token(SCOPE)
    assert len(network.sent) == 1


def test_an_adfs_authority_has_no_realm_to_ask(driver: Driver) -> None:
    """It is the federation server."""
    network = Realm().network
    credential = driver.credential(
        "UsernamePasswordCredential", network, CLIENT, "u", "p", tenant_id="adfs", authority="https://adfs.test"
    )
    credential.get_token(SCOPE)
    assert [sent.url for sent in network.sent] == ["https://adfs.test/adfs/oauth2/v2.0/token"]


@pytest.mark.parametrize("policies", [None, [HeadersPolicy()]], ids=["ours", "the user's"])
def test_no_log_has_the_username_or_the_password(driver: Driver, policies: Any) -> None:
    """The realm's address has the username in it, so azure-core does not log that request."""
    network = Realm().network
    options = {"logging_enable": True, **({} if policies is None else {"policies": policies})}
    with all_logs() as logs:
        credential = driver.credential(
            "UsernamePasswordCredential",
            network,
            CLIENT,
            "canary@tenant.test",
            "canary",
            **options,
        )
        credential.get_token(SCOPE)
    assert "canary" not in "".join(logs.texts)
    assert bool(logs.texts) == (policies is None)


def test_no_warning_comes_later() -> None:
    """Only the construction warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        credential = webidentity.UsernamePasswordCredential(CLIENT, "u", "p", transport=Realm().network.transport())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        credential.get_token(SCOPE)
