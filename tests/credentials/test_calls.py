"""Calls of get_token and get_token_info: what they may request, and what is served from memory."""

from typing import Any
from uuid import UUID

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

import webidentity
import webidentity.aio
from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, refusal, token
from webidentity import TokenCachePersistenceOptions
from webidentity.cache import KeyRing, MemoryStore, SQLiteStore, StoreUnavailableError, TokenCache
from webidentity.errors import EntraError

CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'


def secret_credential(driver: Driver, network: Canned, **options: Any) -> Any:
    arguments = {"retry_total": 0, **options}
    return driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", **arguments)


def numbered() -> Canned:
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"))
    return network


def test_the_request_is_a_client_credentials_grant(driver: Driver) -> None:
    """It is sent to the tenant's v2.0 endpoint with azure-core's headers; no discovery request precedes it."""
    network = numbered()
    secret_credential(driver, network).get_token(SCOPE)
    (sent,) = network.sent
    assert (sent.method, sent.url) == ("POST", f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")
    assert sent.form == {
        "client_id": CLIENT,
        "client_secret": "s3cret",
        "client_info": "1",
        "grant_type": "client_credentials",
        "scope": SCOPE,
    }
    # Not azsdk-: that prefix is for the SDKs of Microsoft.
    assert sent.headers["User-Agent"].startswith("webidentity/")
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert str(UUID(sent.headers["client-request-id"])) == sent.headers["x-ms-client-request-id"]


def test_both_methods_share_a_token(driver: Driver) -> None:
    """A cached token is the same object at each call: nothing is built for it."""
    network = numbered()
    credential = secret_credential(driver, network)
    assert credential.get_token(SCOPE).token == credential.get_token_info(SCOPE).token == "token-1"
    assert credential.get_token(SCOPE) is credential.get_token(SCOPE)
    assert credential.get_token_info(SCOPE) is credential.get_token_info(SCOPE)
    assert len(network.sent) == 1


def test_options_of_get_token_info_are_those_of_get_token(driver: Driver) -> None:
    """claims, tenant_id and enable_cae are read; unknown options are ignored."""
    network = numbered()
    credential = secret_credential(driver, network, additionally_allowed_tenants=[OTHER_TENANT])
    options = {"claims": CLAIMS, "tenant_id": OTHER_TENANT, "enable_cae": True, "unknown": 1}
    credential.get_token_info(SCOPE, options=options)
    assert OTHER_TENANT in network.sent[0].url
    assert "CP1" in network.forms[0]["claims"]
    assert "nbf" in network.forms[0]["claims"]
    credential.get_token(SCOPE, tenant_id=OTHER_TENANT, enable_cae=True)
    assert len(network.sent) == 1


def test_a_token_that_claims_replaced_is_never_served_again(driver: Driver) -> None:
    """The old token is not served even if its replacement is valid for only a minute."""
    network = Canned(token("refused"), token("accepted", expires_in=60))
    credential = secret_credential(driver, network)
    credential.get_token(SCOPE)
    assert credential.get_token(SCOPE, claims=CLAIMS).token == "accepted"
    assert credential.get_token(SCOPE).token == "accepted"
    assert credential.get_token_info(SCOPE).token == "accepted"


def test_tokens_are_cached_for_each_tenant(driver: Driver) -> None:
    """The same scope in two tenants means two tokens."""
    network = Canned(answer=lambda sent: token(sent.url))
    credential = secret_credential(driver, network, additionally_allowed_tenants=["*"])
    for _ in range(2):
        assert TENANT in credential.get_token(SCOPE).token
        assert OTHER_TENANT in credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token
    assert len(network.sent) == 2


def test_a_tenant_that_is_not_allowed_is_refused_before_any_request(driver: Driver) -> None:
    """Both methods raise the error."""
    network = numbered()
    credential = secret_credential(driver, network)
    with pytest.raises(ClientAuthenticationError, match="additionally_allowed_tenants"):
        credential.get_token(SCOPE, tenant_id=OTHER_TENANT)
    with pytest.raises(ClientAuthenticationError, match="additionally_allowed_tenants"):
        credential.get_token_info(SCOPE, options={"tenant_id": OTHER_TENANT})
    assert not network.sent


@pytest.mark.parametrize("scopes", [(), ("",), (None,), (["a", "b"],), (1,)])
@pytest.mark.parametrize("method", ["get_token", "get_token_info"])
def test_invalid_scopes_are_explained(driver: Driver, method: str, scopes: tuple[Any, ...]) -> None:
    """The error explains a missing scope, an empty scope, and a list instead of separate strings."""
    with pytest.raises(ValueError, match=method if not scopes else "separate strings"):
        getattr(secret_credential(driver, numbered()), method)(*scopes)


def test_unknown_keywords_are_accepted(driver: Driver) -> None:
    """azure-core's protocol requires it of get_token; azure-identity's constructors accept them too."""
    credential = secret_credential(driver, numbered(), disable_instance_discovery=True, something_new=1)
    assert credential.get_token(SCOPE, something_new=1).token == "token-1"


def test_invalid_persistence_options_are_refused(driver: Driver) -> None:
    """Options of another type, or two caches: the tokens would not be stored where the caller expects them."""
    with pytest.raises(TypeError, match="TokenCachePersistenceOptions"):
        secret_credential(driver, numbered(), cache_persistence_options=object())
    options = TokenCachePersistenceOptions()
    with pytest.raises(ValueError, match="Pass one"):
        secret_credential(driver, numbered(), cache_persistence_options=options, token_cache=TokenCache())


@pytest.mark.parametrize("missing", range(3))
def test_an_empty_argument_is_a_value_error(driver: Driver, missing: int) -> None:
    """The constructor raises it, before any request."""
    arguments = [TENANT, CLIENT, "s3cret"]
    arguments[missing] = ""
    with pytest.raises(ValueError, match=["(?i)tenant", "client_id", "client_secret"][missing]):
        driver.credential("ClientSecretCredential", numbered(), *arguments)


def test_credentials_share_a_token_cache(driver: Driver) -> None:
    """Credentials share tokens if their arguments are equal, including the secret."""
    cache, network = TokenCache(), numbered()
    first = secret_credential(driver, network, token_cache=cache)
    second = secret_credential(driver, network, token_cache=cache)
    assert first.get_token(SCOPE).token == second.get_token(SCOPE).token == "token-1"
    other = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "other", token_cache=cache)
    assert other.get_token(SCOPE).token == "token-2"


def test_by_default_each_credential_has_its_own_cache(driver: Driver) -> None:
    """Two equal credentials send two requests, as in azure-identity."""
    network = numbered()
    assert secret_credential(driver, network).get_token(SCOPE).token == "token-1"
    assert secret_credential(driver, network).get_token(SCOPE).token == "token-2"


def test_a_store_keeps_tokens_for_the_next_process(driver: Driver, tmp_path: Any) -> None:
    """A restarted service requests no token that is still valid."""
    network = numbered()
    for _ in range(2):
        store = SQLiteStore(tmp_path / "tokens.sqlite3")
        cache = TokenCache(store, KeyRing("key"))
        assert secret_credential(driver, network, token_cache=cache).get_token(SCOPE).token == "token-1"
        cache.close()
    assert b"token-1" not in (tmp_path / "tokens.sqlite3").read_bytes()


def test_a_store_without_keys_is_refused() -> None:
    """Refresh tokens would be stored unencrypted."""
    with pytest.raises(ValueError, match="KeyRing"):
        TokenCache(MemoryStore())


class BrokenStore(MemoryStore):
    """A store that can be switched off."""

    broken = False

    def load(self, key: str) -> Any:
        if self.broken:
            raise StoreUnavailableError("the store is down")
        return super().load(key)

    def version(self, key: str) -> Any:
        if self.broken:
            raise StoreUnavailableError("the store is down")
        return super().version(key)


def test_a_valid_token_is_served_while_the_store_is_down(driver: Driver, clock: Clock) -> None:
    """The current token is served in its refresh window; without a token the error of the store is raised."""
    store, network = BrokenStore(), numbered()
    credential = secret_credential(driver, network, token_cache=TokenCache(store, KeyRing("key")))
    credential.get_token(SCOPE)
    store.broken = True
    assert credential.get_token(SCOPE).token == "token-1"
    clock.advance(3600 - 100)
    assert credential.get_token(SCOPE).token == "token-1"
    clock.advance(101)
    with pytest.raises(StoreUnavailableError):
        credential.get_token(SCOPE)
    store.broken = False
    assert credential.get_token(SCOPE).token == "token-2"


def test_authentication_errors_carry_the_response(driver: Driver) -> None:
    """The response and Entra's error, for sync and async."""
    network = Canned(
        refusal("invalid_client", "AADSTS7000215: bad", error_codes=[7000215], correlation_id="c", status=401)
    )
    with pytest.raises(EntraError) as caught:
        secret_credential(driver, network).get_token(SCOPE)
    error = caught.value
    assert (error.error, error.error_codes, error.correlation_id) == ("invalid_client", (7000215,), "c")
    assert error.response.status_code == 401
    assert error.status_code == 401


@pytest.mark.parametrize(
    "reply", [Reply("<html>", 502), Reply("", 200), Reply(b"\xff\xfe\x00\x80", 200), Reply("[]", 200)]
)
def test_an_invalid_token_reply_is_an_authentication_error(driver: Driver, reply: Reply) -> None:
    """Any bytes that pass through the whole pipeline become an authentication error."""
    with pytest.raises(ClientAuthenticationError, match="Microsoft Entra ID"):
        secret_credential(driver, Canned(reply)).get_token(SCOPE)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "no-such-charset"])
def test_an_unknown_charset_is_an_authentication_error(driver: Driver, charset: str) -> None:
    """The server controls the header."""
    reply = Reply(b'{"error": "invalid_client"}\xff', 400, {"Content-Type": f"application/json; charset={charset}"})
    with pytest.raises(ClientAuthenticationError):
        secret_credential(driver, Canned(reply)).get_token(SCOPE)


def test_a_network_failure_is_an_error_of_azure_core(driver: Driver) -> None:
    """The one that Azure SDK clients handle."""
    import requests

    with pytest.raises(ServiceRequestError):
        secret_credential(driver, Canned(requests.ConnectionError("refused"))).get_token(SCOPE)


def test_a_server_error_is_retried(driver: Driver) -> None:
    """azure-core's retry policy retries POST requests too."""
    network = Canned(Reply({"error": "server_error"}, 503), token("second try"))
    credential = secret_credential(driver, network, retry_total=1, retry_backoff_factor=0)
    assert credential.get_token(SCOPE).token == "second try"


def test_redirects_are_not_followed(driver: Driver) -> None:
    """A redirect would send the client secret to another host."""
    network = Canned(Reply("", 307, {"Location": "https://evil.test/token"}))
    with pytest.raises(ClientAuthenticationError):
        secret_credential(driver, network).get_token(SCOPE)
    assert len(network.sent) == 1


@pytest.mark.parametrize("options", [{"claims": {"access_token": {}}}, {"claims": b"{}"}, {"tenant_id": [TENANT]}])
@pytest.mark.parametrize("name", ["ClientSecretCredential", "DefaultAzureCredential", "ChainedTokenCredential"])
def test_options_that_are_not_strings_are_refused(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any]
) -> None:
    """A decoded claims challenge, for example, is refused before anything is sent."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "environmentcredential")
    network = numbered()
    if name == "ClientSecretCredential":
        credential = secret_credential(driver, network)
    elif name == "DefaultAzureCredential":
        credential = driver.credential(name, network)
    else:
        member = secret_credential(driver, network).raw
        package = webidentity if driver.name == "sync" else webidentity.aio
        credential = driver.face(package.ChainedTokenCredential(member))
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        credential.get_token(SCOPE, **options)
    assert network.sent == []
