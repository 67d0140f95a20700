"""One cache for all programs of a user: azure-identity and MSAL find our tokens, and we find theirs."""

import asyncio
import itertools
import os
import subprocess
import sys
from typing import Any

import azure.identity
import azure.identity.aio
import msal
import msal_extensions
import pytest

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.certificates import certificate
from tests.kit.drivers import Driver, SyncFace
from tests.kit.replies import CLIENT, SCOPE, TENANT, token, user_token
from tests.kit.shared_cache import OPTIONS, PUBLIC, Home, found, put, refresh_token, user
from webidentity.cache import _msal_file as msal_file
from webidentity.cache._persistent import PersistentFiles

PEERS_OPTIONS = azure.identity.TokenCachePersistenceOptions(allow_unencrypted_storage=True)
CAE = [pytest.param(False, id="plain"), pytest.param(True, id="cae")]


def network(*, kind: Any = user_token) -> Canned:
    """Return a network that numbers its tokens and answers the discovery requests of azure-identity."""
    numbers = itertools.count(1)

    def answer(sent: Sent) -> Reply:
        if sent.method == "POST":
            number = next(numbers)
            reply: Reply = kind(f"token-{number}")
            return reply
        base = f"{PUBLIC}/{TENANT}"
        return Reply(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    return Canned(answer=answer)


def posts(canned: Canned) -> list[dict[str, str]]:
    """Return the forms of the token requests."""
    return [sent.form for sent in canned.sent if sent.method == "POST"]


def theirs(package: str, name: str, canned: Canned, *args: Any, **options: Any) -> Any:
    """Return get_token of azure-identity's credential, as a plain function."""
    if package == "sync":
        return getattr(azure.identity, name)(
            *args, transport=canned.transport(), cache_persistence_options=PEERS_OPTIONS, **options
        ).get_token

    def get_token(*scopes: str, **call: Any) -> Any:
        async def run() -> Any:
            credential = getattr(azure.identity.aio, name)(
                *args, transport=canned.aio_transport(), cache_persistence_options=PEERS_OPTIONS, **options
            )
            async with credential:
                return await credential.get_token(*scopes, **call)

        return asyncio.run(run())

    return get_token


def code_credential(driver: Driver, canned: Canned) -> Any:
    return driver.credential(
        "AuthorizationCodeCredential",
        canned,
        TENANT,
        CLIENT,
        "the-code",
        "https://app.test/",
        cache_persistence_options=PEERS_OPTIONS,
    )


@pytest.mark.parametrize("cae", CAE)
@pytest.mark.parametrize("package", ["sync", "aio"])
def test_azure_identity_finds_an_applications_token(driver: Driver, home: Home, package: str, cae: bool) -> None:
    """It sends a token request only for another scope."""
    ours = driver.credential(
        "ClientSecretCredential", network(kind=token), TENANT, CLIENT, "s3cret", cache_persistence_options=OPTIONS
    )
    assert ours.get_token(SCOPE, enable_cae=cae).token == "token-1"
    assert home.file(cae=cae).exists()
    assert not home.file(cae=not cae).exists()
    peer = network(kind=token)
    assert theirs(package, "ClientSecretCredential", peer, TENANT, CLIENT, "s3cret")(SCOPE, enable_cae=cae).token == (
        "token-1"
    )
    assert not posts(peer)
    theirs(package, "ClientSecretCredential", peer, TENANT, CLIENT, "s3cret")("other/.default", enable_cae=cae)
    assert len(posts(peer)) == 1


@pytest.mark.parametrize("package", ["sync", "aio"])
def test_an_applications_token_of_azure_identity_is_not_used(driver: Driver, home: Home, package: str) -> None:
    """Its entry does not say with which secret it was acquired. Our entry does, and replaces it."""
    theirs(package, "ClientSecretCredential", network(kind=token), TENANT, CLIENT, "s3cret")(SCOPE)
    assert home.secrets() == ["token-1"]
    canned = Canned(token("ours"))
    ours = driver.credential(
        "ClientSecretCredential", canned, TENANT, CLIENT, "s3cret", cache_persistence_options=OPTIONS
    )
    assert ours.get_token(SCOPE).token == "ours"
    assert home.secrets() == ["ours"]


@pytest.mark.parametrize("cae", CAE)
@pytest.mark.parametrize("package", ["sync", "aio"])
def test_user_tokens_of_azure_identity_are_found(driver: Driver, home: Home, package: str, cae: bool) -> None:
    """Another program redeemed a code: its access token is returned, and its refresh token redeemed."""
    theirs(package, "AuthorizationCodeCredential", network(), TENANT, CLIENT, "a-code", "https://app.test/")(
        "theirs", enable_cae=cae
    )
    canned = Canned(user_token("ours", refresh_token=None), user_token("refreshed"))
    ours = code_credential(driver, canned)
    assert ours.get_token("ours", enable_cae=cae).token == "ours"
    assert ours.get_token("theirs", enable_cae=cae).token == "token-1"
    assert ours.get_token("third").token == "refreshed"
    assert [(form["grant_type"], form.get("refresh_token")) for form in canned.forms] == [
        ("authorization_code", None),
        ("refresh_token", "refresh-token-1"),
    ]


@pytest.mark.parametrize("cae", CAE)
@pytest.mark.parametrize("package", ["sync", "aio"])
def test_azure_identity_finds_user_tokens(driver: Driver, home: Home, package: str, cae: bool) -> None:
    """An access token by its scope, and the newest refresh token."""
    ours = code_credential(driver, Canned(user_token("ours"), user_token("second", refresh_token="rotated")))
    ours.get_token("ours", enable_cae=cae)
    ours.get_token("second", enable_cae=cae)
    home.write(_without(home.content(cae=cae), "second"), cae=cae)
    canned = Canned(user_token("theirs", refresh_token=None), user_token("refreshed"))
    if package == "sync":
        get_token = theirs(package, "AuthorizationCodeCredential", canned, TENANT, CLIENT, "x", "https://app.test/")
        tokens = [get_token(scope, enable_cae=cae).token for scope in ("theirs", "ours", "second")]
    else:
        tokens = asyncio.run(_aio_tokens(canned, cae))
    assert tokens == ["theirs", "ours", "refreshed"]
    assert [form.get("refresh_token") for form in canned.forms] == [None, "rotated"]


async def _aio_tokens(canned: Canned, cae: bool) -> list[str]:
    credential = azure.identity.aio.AuthorizationCodeCredential(
        TENANT,
        CLIENT,
        "x",
        "https://app.test/",
        transport=canned.aio_transport(),
        cache_persistence_options=PEERS_OPTIONS,
    )
    async with credential:
        return [(await credential.get_token(scope, enable_cae=cae)).token for scope in ("theirs", "ours", "second")]


def _without(content: dict[str, Any], secret: str) -> dict[str, Any]:
    tokens = {key: entry for key, entry in content["AccessToken"].items() if entry["secret"] != secret}
    return {**content, "AccessToken": tokens}


def msal_application(cache: msal.TokenCache, canned: Canned, client_id: str = CLIENT) -> msal.PublicClientApplication:
    class Client:
        def get(self, url: str, **kwargs: Any) -> Any:
            with canned.transport() as transport:
                return transport.session.get(url)

        def post(self, url: str, data: Any = None, **kwargs: Any) -> Any:
            with canned.transport() as transport:
                return transport.session.post(url, data=data)

        def close(self) -> None:
            pass

    return msal.PublicClientApplication(
        client_id, authority=f"{PUBLIC}/{TENANT}", token_cache=cache, http_client=Client(), instance_discovery=False
    )


def test_msal_and_this_library_find_each_others_user_tokens(home: Home) -> None:
    """The cache class of msal-extensions shares the account, its tokens, and the tokens that MSAL adds."""
    files = PersistentFiles(OPTIONS)
    code_credential(SyncFace(), Canned(user_token("ours"))).get_token("a")
    cache = msal_extensions.PersistedTokenCache(msal_extensions.FilePersistence(str(home.file())))
    served = network()
    application = msal_application(cache, served)
    (account,) = application.get_accounts("ada@tenant.test")
    assert application.acquire_token_silent(["a"], account)["access_token"] == "ours"
    assert application.acquire_token_silent(["b"], account)["access_token"] == "token-1"
    assert [form["refresh_token"] for form in posts(served)] == ["refresh-token-1"]
    assert found(files, user(), "b") == "token-1"
    put(files, user(), "third", "c", refresh_token="rotated", now=2**33)
    assert application.acquire_token_silent(["c"], account)["access_token"] == "third"
    application.remove_account(account)
    assert found(files, user(), "a") is None
    assert refresh_token(files, user()) is None


@pytest.mark.parametrize("cae", CAE)
def test_the_family_of_clients_shares_refresh_tokens(driver: Driver, home: Home, cae: bool) -> None:
    """MSAL, as another client, finds a refresh token if the reply marks it as the family's, and no other."""
    other = "44444444-4444-4444-4444-444444444444"
    for foci in (None, "1"):
        code_credential(driver, Canned(user_token(f"ours {foci}", foci=foci))).get_token("a", enable_cae=cae)
        cache = msal.SerializableTokenCache()
        cache.deserialize(home.file(cae=cae).read_text())
        served = network()
        application = msal_application(cache, served, other)
        (account,) = application.get_accounts("ada@tenant.test")
        assert (application.acquire_token_silent(["b"], account) is not None) is (foci == "1")
        assert [form["refresh_token"] for form in posts(served)] == (["refresh-token-1"] if foci else [])
        (metadata,) = home.content(cae=cae)["AppMetadata"].values()
        assert metadata.get("family_id") == foci


@pytest.mark.parametrize("foci", [1, True, ["1"], {}, ""])
def test_an_invalid_family_is_not_written(driver: Driver, home: Home, foci: object) -> None:
    """Microsoft has one family of clients, with the id 1."""
    code_credential(driver, Canned(user_token("ours", foci=foci))).get_token("a")
    assert "family_id" not in home.file().read_text()


def test_the_file_is_not_parsed_for_every_cached_token(
    driver: Driver, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is parsed once for a thousand entries, until another program writes it."""
    files = PersistentFiles(OPTIONS)
    put(files, user(), "theirs")
    content = home.content()
    (entry,) = content["AccessToken"].values()
    content["AccessToken"] = {f"{number}": {**entry, "target": f"scope-{number}"} for number in range(1000)}
    home.write(content)
    arguments = {"cache_persistence_options": OPTIONS}
    ours = driver.credential("ClientSecretCredential", network(kind=token), TENANT, CLIENT, "s3cret", **arguments)
    ours.get_token("a")
    parsed: list[int] = []
    parse = msal_file.parse_object

    def counting(text: str | bytes) -> Any:
        parsed.append(len(text))
        return parse(text)

    monkeypatch.setattr(msal_file, "parse_object", counting)
    for forget in (lambda: None, ours.raw._token_source.forget):
        for _ in range(100):
            forget()
            assert ours.get_token("a").token == "token-1"
    assert not parsed
    home.write(home.content())
    ours.get_token("b")
    assert parsed
    assert len(home.secrets()) == 1002


def test_a_plain_msal_cache_is_read(home: Home) -> None:
    """A program may serialize MSAL's cache itself."""
    cache = msal.SerializableTokenCache()
    reply = user_token("of msal").body
    assert isinstance(reply, dict)
    event = {"client_id": CLIENT, "scope": ["b", "a"], "token_endpoint": f"{PUBLIC}/{TENANT}/oauth2/v2.0/token"}
    cache.add({**event, "response": dict(reply), "grant_type": "authorization_code"})
    home.write(cache.serialize())
    files = PersistentFiles(OPTIONS)
    assert (found(files, user()), refresh_token(files, user())) == ("of msal", "refresh-token-1")
    put(files, user(), "ours", "c", refresh_token="rotated", now=2**33)
    cache.deserialize(home.file().read_text())
    (entry,) = cache.search(cache.CredentialType.REFRESH_TOKEN)
    assert (entry["secret"], entry["target"]) == ("rotated", "a b c")
    (account,) = cache.search(cache.CredentialType.ACCOUNT)
    assert account["account_source"] == "authorization_code"


CONSTRUCTED: dict[str, dict[str, Any]] = {
    "ClientSecretCredential": {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "s3cret"},
    "CertificateCredential": {"tenant_id": TENANT, "client_id": CLIENT, "certificate_data": certificate()},
    "OnBehalfOfCredential": {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": "s3cret",
        "user_assertion": "assertion",
    },
}


@pytest.mark.parametrize("cae", CAE)
@pytest.mark.parametrize("name", CONSTRUCTED)
def test_a_token_outlives_its_process(driver: Driver, home: Home, name: str, cae: bool) -> None:
    """Credentials with the same client authentication find the token; one with another secret acquires its own."""
    first, second, third = Canned(token("first")), Canned(), Canned(token("third"))
    arguments = {**CONSTRUCTED[name], "cache_persistence_options": OPTIONS}
    assert driver.credential(name, first, **arguments).get_token("a", enable_cae=cae).token == "first"
    assert driver.credential(name, second, **arguments).get_token("a", enable_cae=cae).token == "first"
    other = (
        {"certificate_data": certificate(name="another")}
        if name == "CertificateCredential"
        else {"client_secret": "other"}
    )
    assert driver.credential(name, third, **{**arguments, **other}).get_token("a", enable_cae=cae).token == "third"


def test_federated_tokens_of_pods_and_pipelines_outlive_their_process(
    driver: Driver, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod's token outlives its process; so does a pipeline job's token if its system access token is the same."""
    (home.path / "federated").write_text("assertion")
    workload = {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": str(home.path / "federated")}
    pipelines = {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "service_connection_id": "connection",
        "system_access_token": "system",
    }
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", "https://devops.test/oidc")
    for name, arguments, replies in (
        ("WorkloadIdentityCredential", workload, [token("first")]),
        ("AzurePipelinesCredential", pipelines, [Reply({"oidcToken": "assertion"}), token("first")]),
    ):
        options = {**arguments, "cache_persistence_options": OPTIONS}
        assert driver.credential(name, Canned(*replies), **options).get_token(name).token == "first"
        assert driver.credential(name, Canned(), **options).get_token(name).token == "first"


def test_a_callable_is_an_authentication_in_its_process_only(driver: Driver, home: Home) -> None:
    """Its results change, so another callable is another client authentication."""

    def func() -> str:
        return "assertion"

    options = {"tenant_id": TENANT, "client_id": CLIENT, "cache_persistence_options": OPTIONS}
    for canned, callable_ in ((Canned(token("first")), func), (Canned(), func)):
        made = driver.credential("ClientAssertionCredential", canned, func=callable_, **options)
        assert made.get_token("a").token == "first"
    made = driver.credential("ClientAssertionCredential", Canned(token("other")), func=lambda: "assertion", **options)
    assert made.get_token("a").token == "other"


def test_constructing_a_credential_imports_no_msal_and_touches_no_file(home: Home) -> None:
    """msal is imported and the file is opened by the first token request."""
    code = f"""
import os, sys
import webidentity, webidentity.aio
options = webidentity.TokenCachePersistenceOptions(allow_unencrypted_storage=True)
for package in (webidentity, webidentity.aio):
    package.ClientSecretCredential({TENANT!r}, {CLIENT!r}, "s3cret", cache_persistence_options=options)
print(sorted(name for name in sys.modules if name.startswith("msal")), os.listdir(os.environ["HOME"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[] []"
