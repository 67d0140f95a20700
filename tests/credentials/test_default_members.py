"""DefaultAzureCredential: which credentials it creates, with which arguments, and in which order."""

import sys
from types import ModuleType
from typing import Any

import pytest

import webidentity
from tests.kit.drivers import Driver
from tests.kit.stage import DEFAULT, ORDER, Stage
from webidentity._credentials import broker
from webidentity._credentials.default_members import DEFAULT_MEMBERS, VARIABLE

PROD = ["environment", "workload_identity", "managed_identity"]
#: The keywords of the managed identity by default.
HOST = {"_in_default_credential": True, "_exclude_workload_identity_credential": False}
DEV = ["shared_token_cache", "visual_studio_code", "cli", "powershell", "developer_cli"]


@pytest.fixture
def stage(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(driver, monkeypatch)


def test_the_order_is_services_then_hosts_then_developers(stage: Stage) -> None:
    """The browser is last, and only if it is included."""
    assert stage.choice() == list(DEFAULT)
    assert stage.choice(exclude_interactive_browser_credential=False) == list(ORDER)


@pytest.mark.parametrize("key", ORDER)
def test_each_credential_can_be_excluded(stage: Stage, key: str) -> None:
    """Each credential has a keyword that excludes it."""
    assert stage.choice(**{f"exclude_{key}_credential": True}) == [each for each in DEFAULT if each != key]


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        ("", list(DEFAULT)),
        ("  ", list(DEFAULT)),
        ("dev", DEV),
        (" DEV ", DEV),
        ("prod", PROD),
        *((kind.class_name, [kind.key]) for kind in DEFAULT_MEMBERS if kind.has_name),
        ("azureclicredential", ["cli"]),
    ],
)
def test_the_variable_selects_credentials(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str, keys: list[str]
) -> None:
    """A group or one class. Case and whitespace do not matter."""
    monkeypatch.setenv(VARIABLE, value)
    assert stage.choice() == keys


@pytest.mark.parametrize("value", ["test", "SharedTokenCacheCredential", "BrokerCredential", "dev,prod", "Credential"])
def test_invalid_values_are_explained(stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The error lists the valid values."""
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ValueError, match="Invalid value for AZURE_TOKEN_CREDENTIALS") as raised:
        stage.credential()
    assert str(raised.value).endswith(
        "Valid values are: dev, prod, azureclicredential, azuredeveloperclicredential, azurepowershellcredential, "
        "environmentcredential, interactivebrowsercredential, managedidentitycredential, visualstudiocodecredential, "
        "workloadidentitycredential."
    )


def test_keywords_take_precedence_over_the_variable(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """True and False do; None does not."""
    monkeypatch.setenv(VARIABLE, "prod")
    keywords = {"exclude_cli_credential": False, "exclude_environment_credential": True}
    assert stage.choice(**keywords) == ["workload_identity", "managed_identity", "cli"]
    monkeypatch.setenv(VARIABLE, "AzureCliCredential")
    assert stage.choice(exclude_cli_credential=None) == ["cli"]
    with pytest.raises(
        ValueError, match="at least one credential is required: AZURE_TOKEN_CREDENTIALS and the keywords"
    ):
        stage.credential(exclude_cli_credential=True)


@pytest.mark.parametrize("value", [None, "", " "])
def test_the_variable_can_be_required(stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Production can require the variable, so that it never tries credentials for developers."""
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ValueError, match=r"AZURE_TOKEN_CREDENTIALS is required.* Valid values are: dev, prod"):
        stage.credential(require_envvar=True)
    monkeypatch.setenv(VARIABLE, "prod")
    assert stage.choice(require_envvar=True) == PROD


def test_without_configuration_no_value_is_invented(stage: Stage) -> None:
    """Each credential is created with its defaults."""
    public = {"authority": "https://login.microsoftonline.com"}
    stage.credential(exclude_interactive_browser_credential=False)
    assert stage.made == {
        "environment": public,
        "workload_identity": {"client_id": None, "tenant_id": None, **public},
        "managed_identity": {"client_id": None, **HOST},
        "shared_token_cache": {"username": None, "tenant_id": None, **public},
        "visual_studio_code": {"tenant_id": None},
        "cli": {"process_timeout": 10},
        "powershell": {"process_timeout": 10},
        "developer_cli": {"process_timeout": 10},
        "interactive_browser": public,
    }


def test_defaults_come_from_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """IDs and names. An empty variable counts as unset."""
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    monkeypatch.setenv("AZURE_USERNAME", "")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.microsoftonline.us")
    government = {"authority": "https://login.microsoftonline.us"}
    stage.credential(exclude_interactive_browser_credential=False)
    assert stage.made["environment"] == government
    assert stage.made["workload_identity"] == {"client_id": "client", "tenant_id": "tenant", **government}
    assert stage.made["managed_identity"] == {"client_id": "client", **HOST}
    assert stage.made["shared_token_cache"] == {"username": None, "tenant_id": "tenant", **government}
    assert stage.made["interactive_browser"] == {"tenant_id": "tenant", **government}


def test_keywords_take_precedence_over_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value None also takes precedence: it means the system-assigned identity, or the user's own tenant."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_USERNAME"):
        monkeypatch.setenv(name, "environment")
    stage.credential(managed_identity_client_id=None, shared_cache_tenant_id=None, workload_identity_tenant_id=None)
    assert stage.made["managed_identity"]["client_id"] is None
    assert stage.made["workload_identity"]["client_id"] is None
    assert stage.made["workload_identity"]["tenant_id"] is None
    assert stage.made["shared_token_cache"]["username"] == "environment"
    assert stage.made["shared_token_cache"]["tenant_id"] is None
    stage.credential(
        managed_identity_client_id="host",
        workload_identity_client_id="pod",
        shared_cache_username="ada",
        interactive_browser_tenant_id=None,
        interactive_browser_client_id="browser",
        visual_studio_code_tenant_id="editor",
        process_timeout=3,
        authority="login.chinacloudapi.cn/",
        exclude_interactive_browser_credential=False,
    )
    china = {"authority": "https://login.chinacloudapi.cn"}
    assert stage.made["managed_identity"] == {"client_id": "host", **HOST}
    assert stage.made["workload_identity"] == {"client_id": "pod", "tenant_id": "environment", **china}
    assert stage.made["shared_token_cache"]["username"] == "ada"
    assert stage.made["interactive_browser"] == {"client_id": "browser", **china}
    assert stage.made["visual_studio_code"] == {"tenant_id": "editor"}
    assert {stage.made[key]["process_timeout"] for key in ("cli", "powershell", "developer_cli")} == {3}


def test_the_client_id_of_the_pod_defaults_to_that_of_the_host(stage: Stage) -> None:
    """The keyword for managed identities also sets the client ID of the pod, as in azure-identity."""
    stage.credential(managed_identity_client_id="host")
    assert stage.made["workload_identity"]["client_id"] == "host"


def test_pipeline_keywords_go_to_credentials_with_a_pipeline(stage: Stage) -> None:
    """Tools have none."""
    stage.credential(retry_total=1, exclude_interactive_browser_credential=False)
    takers = {key for key, keywords in stage.made.items() if keywords.get("retry_total") == 1}
    assert takers == {*PROD, "shared_token_cache", "visual_studio_code", "interactive_browser"}


def test_tenant_id_is_not_a_keyword(stage: Stage) -> None:
    """Each credential has a keyword of its own for it."""
    with pytest.raises(TypeError, match="'tenant_id' is not supported in DefaultAzureCredential"):
        stage.credential(tenant_id="tenant")


def test_a_malformed_authority_is_refused_at_once(stage: Stage) -> None:
    """The constructor raises the error before it creates any credential."""
    with pytest.raises(ValueError, match="is not an authority"):
        stage.credential(authority="http://login.microsoftonline.com")
    assert not stage.made


def test_the_shared_cache_is_left_out_on_platforms_without_it(stage: Stage) -> None:
    """Most machines have no shared cache, so the chain has no such member."""
    stage.has_shared_cache = False
    assert "shared_token_cache" not in stage.choice()


def test_the_managed_identity_knows_that_it_is_a_member(stage: Stage) -> None:
    """A client ID that a host cannot use is ignored, and an excluded workload identity is not used."""
    for excluded in (True, False):
        stage.credential(exclude_workload_identity_credential=excluded)
        assert stage.made["managed_identity"] == {
            "client_id": None,
            "_in_default_credential": True,
            "_exclude_workload_identity_credential": excluded,
        }


def test_an_error_of_a_constructor_is_raised(stage: Stage) -> None:
    """A wrong configuration must not be ignored. Only a missing pod is."""
    stage.constructor_errors["environment"] = ValueError("malformed")
    with pytest.raises(ValueError, match="malformed"):
        stage.credential()


def brokers(monkeypatch: pytest.MonkeyPatch, platform: str, module: ModuleType | None) -> Any:
    """Return the broker credential on a machine with this platform and package."""
    monkeypatch.setattr(broker.sys, "platform", platform)
    monkeypatch.setitem(sys.modules, "azure.identity.broker", module)
    return broker.broker_credential(tenant_id="tenant", retry_total=1)


@pytest.mark.parametrize(
    ("platform", "said"),
    [("win32", "'azure-identity-broker' package is required"), ("darwin", "only supported on Windows and WSL")],
)
def test_a_missing_broker_is_explained(monkeypatch: pytest.MonkeyPatch, platform: str, said: str) -> None:
    """The credential that takes the broker's place explains what is missing."""
    monkeypatch.setattr("platform.release", lambda: "6.1.0-amd64")
    credential = brokers(monkeypatch, platform, None)
    for method in (credential.get_token, credential.get_token_info):
        with pytest.raises(webidentity.CredentialUnavailableError, match=said):
            method("scope")


@pytest.mark.parametrize("works", [True, False])
def test_the_broker_never_shows_a_window(monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    """The broker's options forbid a window on Windows and WSL."""
    monkeypatch.setattr("platform.release", lambda: "5.15.90.1-microsoft-standard-WSL2")
    module, made = ModuleType("broker"), []

    def make(**keywords: Any) -> str:
        made.append(keywords)
        if not works:
            raise OSError("canary")
        return "the broker"

    module.InteractiveBrowserBrokerCredential = make
    credential = brokers(monkeypatch, "linux", module)
    [keywords] = made
    assert keywords.pop("parent_window_handle") is not None
    assert keywords == {
        "use_default_broker_account": True,
        "disable_interactive_fallback": True,
        "tenant_id": "tenant",
        "retry_total": 1,
    }
    if works:
        assert credential == "the broker"
        return
    with pytest.raises(webidentity.CredentialUnavailableError, match=r"could not be set up \(OSError\)"):
        credential.get_token("scope")


def test_the_broker_is_last_and_not_in_aio(stage: Stage) -> None:
    """Its class is sync. Both packages accept its keywords."""
    keywords = {"broker_tenant_id": "tenant", "broker_client_id": "client"}
    for exclude in (False, True):
        credentials = stage.credential(exclude_broker_credential=exclude, **keywords).raw.credentials
        expected = stage.driver.name == "sync" and not exclude
        assert (getattr(credentials[-1], "unavailable_name", None) == "BrokerCredential") is expected
