"""ManagedIdentityCredential on each kind of host, over real sockets."""

from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
from tests.kit.canned import Canned, Reply, lines_of
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.on_hosts import CHOOSY, KINDS, SCOPE, VAULT, OwnTransport, PutOn, claims_of, credential
from tests.kit.records import all_logs
from tests.kit.replies import CLIENT, TENANT, token
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.testing import HostEmulator

CALLERS = 64
HEADERS: dict[str, set[str]] = {
    "imds": {"metadata"},
    "app_service": {"metadata", "x-identity-header"},
    "arc": {"metadata", "authorization"},
    "azure_ml": {"secret"},
    "cloud_shell": {"metadata"},
    "service_fabric": {"secret"},
}
VERSIONS = {
    "imds": "2018-02-01",
    "app_service": "2019-08-01",
    "arc": "2020-06-01",
    "azure_ml": "2017-09-01",
    "service_fabric": "2019-07-01-preview",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_system_assigned_identity(driver: Driver, azure_host: PutOn, kind: str) -> None:
    """One request is sent, in the form that the host expects."""
    host = azure_host(kind)
    used = credential(driver)
    got = used.get_token(SCOPE)
    assert host.system_assigned is not None
    assert claims_of(got)["azp"] == host.system_assigned.client_id
    assert used.get_token_info(SCOPE).token == got.token
    sent = host.requests[-1]
    if kind == "cloud_shell":
        assert (sent.method, sent.query, sent.form) == ("POST", {}, {"resource": VAULT})
    else:
        assert (sent.method, sent.query) == ("GET", {"api-version": VERSIONS[kind], "resource": VAULT})
    ours = {"metadata", "x-identity-header", "secret", "authorization"}
    assert {name.lower() for name in sent.headers} & ours == HEADERS[kind]
    assert len(host.requests) == (2 if kind == "arc" else 1)
    used.close()


@pytest.mark.parametrize("kind", CHOOSY)
@pytest.mark.parametrize("by", ["client_id", "client_id in the mapping", "object_id", "resource_id"])
def test_a_user_assigned_identity(driver: Driver, azure_host: PutOn, kind: str, by: str) -> None:
    """Each kind of ID is sent under the name that the host uses for it."""
    host = azure_host(kind)
    other, shop = host.add_identity("other"), host.add_identity("shop")
    named: dict[str, Any] = {
        "client_id": {"client_id": shop.client_id},
        "client_id in the mapping": {"identity_config": {"client_id": shop.client_id}},
        "object_id": {"identity_config": {"object_id": shop.object_id}},
        "resource_id": {"identity_config": {"resource_id": shop.resource_id}},
    }[by]
    used = credential(driver, **named)
    assert claims_of(used.get_token(SCOPE))["azp"] == shop.client_id != other.client_id
    used.close()


@pytest.mark.parametrize("kind", CHOOSY)
def test_an_identity_that_is_not_assigned_makes_it_unavailable(driver: Driver, azure_host: PutOn, kind: str) -> None:
    """A chain tries the next credential. The message says which identity is missing."""
    host = azure_host(kind, system_assigned=False)
    used = credential(driver)
    with pytest.raises(webidentity.CredentialUnavailableError, match="No identity has been assigned to this resource"):
        used.get_token(SCOPE)
    named = credential(driver, client_id=CLIENT)
    with pytest.raises(webidentity.CredentialUnavailableError, match="The requested identity has not been assigned"):
        named.get_token(SCOPE)
    shop = host.add_identity("shop")
    assert claims_of(used.get_token(SCOPE))["azp"] == shop.client_id, "a failure disables nothing"
    named.close()
    used.close()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_resource_is_an_error(
    driver: Driver, azure_host: PutOn, local_tenant: Any, naps: list[float], kind: str
) -> None:
    """An authentication error; if the host answers 400, an unavailable credential."""
    host = azure_host(kind, local_tenant)
    used = credential(driver, retry_total=0)
    with pytest.raises(ClientAuthenticationError):
        used.get_token("https://nowhere.test/.default")
    local_tenant.add_app("vault", identifier_uri=VAULT)
    assert claims_of(used.get_token(SCOPE))["tid"] == local_tenant.tenant_id
    assert host.requests
    used.close()


@pytest.mark.parametrize("kind", KINDS)
def test_64_callers_cause_one_request(driver: Driver, azure_host: PutOn, kind: str) -> None:
    """Threads or tasks. For Azure Arc: one challenge and one answer."""
    host = azure_host(kind)
    used = credential(driver)
    outcomes = driver.together([lambda: used.raw.get_token(SCOPE)] * CALLERS)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len({outcome.token for outcome in outcomes}) == 1
    assert len(host.requests) == (2 if kind == "arc" else 1)
    used.close()


@pytest.mark.parametrize("state", ["empty", "expired", "refresh window"])
def test_64_callers_cause_one_request_whatever_is_cached(driver: Driver, clock: Clock, state: str) -> None:
    """64 callers with an expired token, or one in the refresh window, cause one request."""
    network = Canned(answer=lambda _: token(expires_in="3600"), latency=0.02)
    used = credential(driver, network)
    if state != "empty":
        used.get_token(SCOPE)
        network.sent.clear()
        clock.advance(3601 if state == "expired" else 3500)
    outcomes = driver.together([lambda: used.raw.get_token(SCOPE)] * CALLERS)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    driver.settle()
    assert len(network.sent) == 1


def test_instances_share_a_cache(driver: Driver, azure_host: PutOn) -> None:
    """A credential for each request causes one request in total. A different identity never receives its token."""
    host = azure_host("imds")
    shop = host.add_identity("shop")
    cache = TokenCache()
    for _ in range(3):
        credential(driver, token_cache=cache).get_token(SCOPE)
    assert len(host.requests) == 1
    named = credential(driver, token_cache=cache, client_id=shop.client_id)
    assert claims_of(named.get_token(SCOPE))["azp"] == shop.client_id
    by_object = credential(driver, token_cache=cache, identity_config={"object_id": shop.client_id})
    with pytest.raises(webidentity.CredentialUnavailableError):
        by_object.get_token(SCOPE)


def test_another_host_is_not_served_from_a_shared_store(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system-assigned identity is a different one there."""
    store, keys = MemoryStore(), KeyRing("key")
    first = Canned(token("of this host", expires_in=3600))
    assert credential(driver, first, token_cache=TokenCache(store, keys)).get_token(SCOPE).token == "of this host"
    assert credential(driver, Canned(), token_cache=TokenCache(store, keys)).get_token(SCOPE).token == "of this host"
    monkeypatch.setattr("webidentity._flows.managed_identity.source._THIS_PROCESS", "another process")
    second = Canned(token("of that host", expires_in=3600))
    assert credential(driver, second, token_cache=TokenCache(store, keys)).get_token(SCOPE).token == "of that host"


def test_cache_entries_have_the_names_of_msal(driver: Driver) -> None:
    """Other readers of the cache recognize the entries."""
    cache = TokenCache()
    credential(driver, Canned(token(expires_in=3600)), token_cache=cache).get_token(SCOPE)
    (held,) = cache._partitions.values()
    (entry,) = held.document.sections["AccessToken"].values()
    assert (entry["realm"], entry["client_id"]) == ("managed_identity", "system_assigned_managed_identity")
    assert (entry["environment"], entry["home_account_id"], entry["target"]) == ("localhost", None, VAULT)


@pytest.mark.parametrize("scopes", [(SCOPE, "https://graph.microsoft.com/.default"), (SCOPE, SCOPE)])
def test_several_scopes_are_refused(driver: Driver, scopes: tuple[str, ...]) -> None:
    """Hosts accept one resource for each request."""
    with pytest.raises(ValueError, match="exactly one scope"):
        credential(driver, Canned()).get_token(*scopes)
    with pytest.raises(ValueError, match="at least one scope"):
        credential(driver, Canned()).get_token()


def test_scope_and_resource_are_the_same(driver: Driver) -> None:
    """The cache finds one token by scope and by resource."""
    network = Canned(token(expires_in=3600))
    used = credential(driver, network)
    used.get_token(VAULT)
    used.get_token(SCOPE)
    assert len(network.sent) == 1


def test_tenant_and_cae_are_ignored(driver: Driver) -> None:
    """An identity belongs to one tenant, and hosts do not support CAE."""
    network = Canned(token(expires_in=3600))
    used = credential(driver, network)
    used.get_token(SCOPE)
    used.get_token(SCOPE, tenant_id="another tenant", enable_cae=True)
    used.get_token_info(SCOPE, options={"tenant_id": "another tenant", "enable_cae": True})
    assert len(network.sent) == 1


@pytest.mark.parametrize("kind", ["imds", "service_fabric"])
def test_claims_bypass_the_cache(driver: Driver, azure_host: PutOn, kind: str) -> None:
    """They are not sent. Service Fabric receives the hash of the refused token, so that it issues a new one."""
    host = azure_host(kind)
    used = credential(driver)
    first = used.get_token(SCOPE)
    second = used.get_token(SCOPE, claims='{"access_token": {}}')
    assert second.token != first.token
    assert used.get_token(SCOPE).token == second.token
    extra = {name for name in host.requests[-1].query if name not in {"api-version", "resource"}}
    assert extra == ({"token_sha256_to_refresh"} if kind == "service_fabric" else set())
    assert len(host.requests) == 2
    used.close()


@pytest.mark.parametrize("kind", CHOOSY)
def test_conflicting_ids_are_refused(driver: Driver, azure_host: PutOn, kind: str) -> None:
    """The credential refuses two IDs on each host before anything is sent."""
    azure_host(kind)
    for ids in (
        {"client_id": "a", "identity_config": {"object_id": "b"}},
        {"identity_config": {"client_id": "a", "object_id": "b"}},
    ):
        with pytest.raises(ValueError, match="must not contain"):
            credential(driver, **ids)


def test_cloud_shell_supports_no_choice_of_identity(driver: Driver, azure_host: PutOn) -> None:
    """The constructor raises an error, but DefaultAzureCredential ignores the ID."""
    host = azure_host("cloud_shell")
    for ids in ({"client_id": CLIENT}, {"identity_config": {"object_id": "x"}}):
        with pytest.raises(ValueError, match=r"client_id should not be set for cloud shell.*identity_config must not"):
            credential(driver, **ids)
    used = credential(driver, client_id=CLIENT, _in_default_credential=True)
    assert used.get_token(SCOPE).token
    assert host.requests[0].form == {"resource": VAULT}
    used.close()


@pytest.mark.parametrize("dates", ["epoch", "linux", "windows"])
def test_date_formats_of_azure_ml(driver: Driver, azure_host: PutOn, dates: str) -> None:
    """Each format that it has used."""
    host = azure_host("azure_ml")
    host.host.dates = dates
    used = credential(driver)
    got = used.get_token_info(SCOPE)
    assert got.expires_on == claims_of(got)["exp"]
    assert got.refresh_on is not None
    used.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_shown(driver: Driver, azure_host: PutOn, naps: list[float], kind: str) -> None:
    """Errors, logs and reprs contain no secret, even if the host echoes the request."""
    host = azure_host(kind)
    with all_logs() as logs:
        used = credential(driver, retry_total=0, logging_enable=True)
        got = used.get_token(SCOPE)
        secrets = [got.token, *([host.host.secret] if host.host.secret in host.environment.values() else [])]
        shown = [
            repr(used.raw),
            repr(used.raw._token_source._grant),
            repr(used.raw._token_source._grant.source),
            repr(got),
        ]
        for status in (400, 401, 500):
            host.fail(status, body=f'{{"error": "e", "error_description": "you sent {secrets}"}}')
            with pytest.raises(ClientAuthenticationError) as caught:
                used.get_token(SCOPE, claims="{}")
            shown += [str(caught.value), repr(caught.value), repr(caught.value.args)]
    text = lines_of([*shown, *logs.texts])
    assert not [secret for secret in secrets if secret in text]
    used.close()


def test_workload_identity(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod has a token file and an authority. The tenant of a call is ignored."""
    file = tmp_path / "token"
    file.write_text("projected-token")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    with pytest.raises(ValueError, match="Workload identity was selected but no client ID was provided"):
        credential(driver, Canned())
    with pytest.raises(ValueError, match="only a client ID"):
        credential(driver, Canned(), identity_config={"object_id": "x"})
    monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
    network = Canned(token("first"), token("second"))
    assert (
        credential(driver, network).get_token(SCOPE, tenant_id="22222222-2222-2222-2222-222222222222").token == "first"
    )
    assert credential(driver, network, identity_config={"client_id": "mine"}).get_token(SCOPE).token == "second"
    assert {sent.url for sent in network.sent} == {f"https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token"}
    assert [form["client_id"] for form in network.forms] == [CLIENT, "mine"]
    assert network.forms[0]["client_assertion"] == "projected-token"
    imds = credential(driver, Canned(Reply({}, 400)), _exclude_workload_identity_credential=True)
    with pytest.raises(webidentity.CredentialUnavailableError):
        imds.get_token(SCOPE)


def test_the_emulator_as_a_transport(driver: Driver) -> None:
    """It answers at the real address without any network access."""
    host = HostEmulator("imds")
    used = credential(driver, host)
    assert claims_of(used.get_token(SCOPE))["xms_mirid"].endswith("virtualMachines/imds")
    assert host.requests[0].url.startswith("http://169.254.169.254/metadata/identity/oauth2/token?")


def test_the_emulator_as_a_server(driver: Driver, azure_host: PutOn) -> None:
    """The default transport works, and also the emulator as a context manager."""
    azure_host("app_service")
    used = driver.credential("ManagedIdentityCredential", OwnTransport())
    used.get_token(SCOPE)
    used.close()
    assert used.get_token(SCOPE).token


def test_a_token_that_no_header_can_have_is_refused(driver: Driver) -> None:
    """The error does not show it."""
    network = Canned(token("a\r\nX: y", expires_in=3600))
    with pytest.raises(ClientAuthenticationError, match="characters that no token has") as caught:
        driver.credential("ManagedIdentityCredential", network).get_token(SCOPE)
    assert "X: y" not in str(caught.value)
