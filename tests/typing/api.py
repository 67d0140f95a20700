"""User code for the type checkers, in strict mode: everything that a user may write."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_type

from azure.core.credentials import AccessToken, AccessTokenInfo, SupportsTokenInfo, TokenCredential, TokenProvider
from azure.core.credentials_async import AsyncSupportsTokenInfo, AsyncTokenCredential, AsyncTokenProvider
from azure.core.exceptions import ClientAuthenticationError

from webidentity import (
    AuthenticationRecord,
    AuthenticationRequiredError,
    AuthorizationCodeCredential,
    AzureCliCredential,
    AzureDeveloperCliCredential,
    AzurePipelinesCredential,
    AzurePowerShellCredential,
    CertificateCredential,
    ChainedTokenCredential,
    ChainError,
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    EntraError,
    EnvironmentCredential,
    ManagedIdentityCredential,
    OnBehalfOfCredential,
    WorkloadIdentityCredential,
    get_bearer_token_provider,
)
from webidentity import aio as webidentity_aio
from webidentity.cache import (
    KeyRing,
    MemoryStore,
    QuickStore,
    SQLiteStore,
    Store,
    StoreUnavailableError,
    TokenCache,
    VersionedStore,
)


def takes_credential(credential: TokenCredential) -> None:
    """Call a credential as a client of an Azure SDK does."""
    credential.get_token("scope", claims=None, tenant_id=None, enable_cae=True)


def takes_token_info(credential: SupportsTokenInfo) -> None:
    """Call a credential as a newer client does."""
    credential.get_token_info("scope", options={"enable_cae": True, "tenant_id": "tenant"})


async def takes_async_credential(credential: AsyncTokenCredential) -> None:
    """Call a credential as an async client does."""
    await credential.get_token("scope", claims=None, tenant_id=None, enable_cae=True)
    await credential.close()


async def takes_async_token_info(credential: AsyncSupportsTokenInfo) -> None:
    """Call a credential as a newer async client does."""
    await credential.get_token_info("scope", options={"claims": "{}"})


def makes_caches() -> TokenCache:
    """Create stores, keys and caches."""
    stores: list[Store] = [MemoryStore(), SQLiteStore("tokens.sqlite3"), SQLiteStore(Path("tokens.sqlite3"), timeout=5)]
    versioned: list[VersionedStore] = [MemoryStore(), SQLiteStore("tokens.sqlite3")]
    assert_type(versioned[0].version("key"), int | None)
    quick: QuickStore = SQLiteStore("tokens.sqlite3")
    assert_type(quick.version("key", wait=False), int | None)
    keys = KeyRing("secret", fallbacks=[b"old", "older"])
    cache = TokenCache(stores[0], keys, max_partitions=100)
    cache.close()
    return TokenCache()


def sync_credentials() -> None:
    """Use every argument of these classes."""
    cache = makes_caches()
    secret = ClientSecretCredential("tenant", "client", "secret")
    secret = ClientSecretCredential(
        "tenant",
        "client",
        "secret",
        authority="login.microsoftonline.us",
        additionally_allowed_tenants=["*"],
        token_cache=cache,
        retry_total=3,
        disable_instance_discovery=True,
    )
    code = AuthorizationCodeCredential(
        "tenant",
        "client",
        "code",
        "https://app.example/callback",
        client_secret="secret",
        code_verifier="verifier",
        authority="login.microsoftonline.com",
        additionally_allowed_tenants=("other",),
        token_cache=cache,
    )
    on_behalf_of = OnBehalfOfCredential(
        "tenant", "client", user_assertion="assertion", client_secret="secret", token_cache=cache
    )
    for credential in (secret, code, on_behalf_of):
        takes_credential(credential)
        takes_token_info(credential)
    assert_type(secret.get_token("scope"), AccessToken)
    assert_type(secret.get_token_info("scope"), AccessTokenInfo)
    token: str = secret.get_token("a", "b", claims="{}", tenant_id="other", enable_cae=True).token
    provider: Callable[[], str] = lambda: code.get_token(token).token  # noqa: E731 - as OpenAI's client takes it
    provider()
    with on_behalf_of as entered:
        assert_type(entered, OnBehalfOfCredential)
    secret.close()


def tools() -> None:
    """Use every argument of the developer tool credentials."""
    cli = AzureCliCredential(
        tenant_id="tenant", subscription="Mine", additionally_allowed_tenants=["*"], process_timeout=30
    )
    azd = AzureDeveloperCliCredential(tenant_id="tenant", additionally_allowed_tenants=["*"], process_timeout=30)
    power_shell = AzurePowerShellCredential(tenant_id="tenant", additionally_allowed_tenants=["*"], process_timeout=30)
    for credential in (cli, azd, power_shell):
        takes_credential(credential)
        takes_token_info(credential)
        assert_type(credential.tenant_id, str)
    assert_type(cli.subscription, str | None)


async def async_tools() -> None:
    """Use the same names, with ``await``."""
    cli = webidentity_aio.AzureCliCredential(subscription="Mine")
    for credential in (
        cli,
        webidentity_aio.AzureDeveloperCliCredential(process_timeout=30),
        webidentity_aio.AzurePowerShellCredential(tenant_id="tenant"),
    ):
        await takes_async_credential(credential)
        await takes_async_token_info(credential)


async def async_credentials() -> None:
    """Use the same names, with ``await``."""
    cache = makes_caches()
    secret = webidentity_aio.ClientSecretCredential("tenant", "client", "secret", token_cache=cache)
    code = webidentity_aio.AuthorizationCodeCredential(
        "tenant", "client", "code", "https://app.example/callback", client_secret="secret", code_verifier="verifier"
    )
    on_behalf_of = webidentity_aio.OnBehalfOfCredential(
        "tenant", "client", user_assertion="assertion", client_secret="secret"
    )
    for credential in (secret, code, on_behalf_of):
        await takes_async_credential(credential)
        await takes_async_token_info(credential)
    assert_type(await secret.get_token("scope"), AccessToken)
    assert_type(await secret.get_token_info("scope"), AccessTokenInfo)
    async with on_behalf_of as entered:
        assert_type(entered, webidentity_aio.OnBehalfOfCredential)


def service_credentials() -> list[TokenCredential]:
    """Authenticate a service in each way."""
    made: list[TokenCredential] = [
        CertificateCredential("tenant", "client", "certificate.pem", password="password", send_certificate_chain=True),
        CertificateCredential("tenant", "client", certificate_data=b"pem", password=b"password"),
        ClientAssertionCredential("tenant", "client", lambda: "assertion"),
        OnBehalfOfCredential("tenant", "client", user_assertion="token", client_assertion_func=lambda: "assertion"),
        WorkloadIdentityCredential(tenant_id="tenant", client_id="client", token_file_path="token"),
        WorkloadIdentityCredential(),
        ManagedIdentityCredential(),
        ManagedIdentityCredential(client_id="client", token_cache=TokenCache(), retry_total=1),
        ManagedIdentityCredential(identity_config={"object_id": "object"}),
        AzurePipelinesCredential(
            tenant_id="tenant", client_id="client", service_connection_id="connection", system_access_token="token"
        ),
    ]
    provider: Callable[[], str] = get_bearer_token_provider(made[0], "scope")
    assert_type(provider(), str)
    return made


async def async_service_credentials() -> str:
    """Pass coroutine functions as callables."""

    async def assertion() -> str:
        return "assertion"

    made = webidentity_aio.ClientAssertionCredential("tenant", "client", assertion)
    await takes_async_credential(made)
    behalf = webidentity_aio.OnBehalfOfCredential(
        "tenant", "client", user_assertion="token", client_assertion_func=assertion
    )
    await takes_async_token_info(behalf)
    await takes_async_credential(webidentity_aio.ManagedIdentityCredential(client_id="client"))
    return await webidentity_aio.get_bearer_token_provider(made, "scope")()


def composed_credentials() -> list[TokenCredential]:
    """Compose credentials of others."""
    environment = EnvironmentCredential(authority="login.microsoftonline.us", retry_total=1)
    default = DefaultAzureCredential(
        exclude_cli_credential=True,
        exclude_interactive_browser_credential=False,
        managed_identity_client_id=None,
        workload_identity_client_id="pod",
        process_timeout=5,
        require_envvar=True,
        retry_total=1,
    )
    with ChainedTokenCredential(environment, default) as chain:
        assert_type(chain, ChainedTokenCredential)
        assert_type(chain.credentials, tuple[TokenProvider, ...])
        assert_type(chain.selected, TokenProvider | None)
    assert_type(default.get_token("scope"), AccessToken)
    assert_type(default.get_token_info("scope", options={"claims": "{}"}), AccessTokenInfo)
    for credential in (environment, default, chain):
        takes_token_info(credential)
        credential.close()
    return [environment, default, chain]


async def async_composed_credentials() -> None:
    """Compose async credentials of others."""
    environment = webidentity_aio.EnvironmentCredential()
    default = webidentity_aio.DefaultAzureCredential(exclude_cli_credential=True)
    async with webidentity_aio.ChainedTokenCredential(environment, default) as chain:
        assert_type(chain, webidentity_aio.ChainedTokenCredential)
        assert_type(chain.selected, AsyncTokenProvider | None)
    for credential in (environment, default, chain):
        await takes_async_credential(credential)
        await takes_async_token_info(credential)
    assert_type(await default.get_token("scope"), AccessToken)


def handles_errors(credential: TokenCredential) -> str | None:
    """Read Entra's error without parsing a message."""
    try:
        credential.get_token("scope")
    except AuthenticationRequiredError as error:
        assert_type(error.scopes, tuple[str, ...])
        return error.claims
    except CredentialUnavailableError as error:
        return error.message
    except ChainError as error:
        assert_type(error.attempts, tuple[tuple[str, Exception], ...])
        return error.message
    except EntraError as error:
        codes: tuple[int, ...] = error.error_codes
        texts: list[str | None] = [error.error, error.suberror, error.correlation_id, error.claims]
        needs: bool = error.needs_interaction
        return f"{codes} {texts} {needs} {error.response}"
    except ClientAuthenticationError as error:
        return error.message
    except StoreUnavailableError as error:
        return str(error)
    return None


def keeps_records(session: dict[str, str]) -> AuthenticationRecord:
    """Store a record in a session and read it back."""
    record = AuthenticationRecord(
        tenant_id="tenant", client_id="client", authority="host", home_account_id="uid.utid", username="ada"
    )
    session["record"] = record.serialize()
    read = AuthenticationRecord.deserialize(session["record"])
    names: list[str] = [read.tenant_id, read.client_id, read.authority, read.home_account_id, read.username]
    assert names
    return read
