"""DefaultAzureCredential: the search, the calls after it, and the error when no credential has a token."""

import asyncio
import logging
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from tests.kit.drivers import Driver
from tests.kit.joined_callers import AllJoined
from tests.kit.replies import SCOPE
from tests.kit.stage import BROKEN, DEFAULT, GONE, Stage
from webidentity import ChainError
from webidentity._credentials.default_members import DEFAULT_MEMBERS, VARIABLE

SERVICES = ("environment", "workload_identity", "managed_identity")
TOOLS = ("shared_token_cache", "visual_studio_code", "cli", "powershell", "developer_cli", "interactive_browser")
NAMES = {kind.key: kind.class_name for kind in DEFAULT_MEMBERS}
CALLERS = 64


@pytest.fixture
def stage(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(driver, monkeypatch)


@pytest.mark.parametrize("winner", DEFAULT)
def test_the_first_winner_is_used_for_all_later_calls(stage: Stage, winner: str) -> None:
    """The winner is also available as ``selected``."""
    stage.outcomes = {winner: ("token",)}
    credential = stage.credential()
    assert credential.raw.selected is None
    assert credential.get_token(SCOPE).token == "token"
    assert stage.diary == list(DEFAULT[: DEFAULT.index(winner) + 1])
    assert credential.raw.selected is stage.members[winner]
    stage.diary.clear()
    credential.get_token(SCOPE, claims="{}", tenant_id="t", enable_cae=True, own=1)
    credential.get_token_info(SCOPE, options={"tenant_id": "t"})
    assert stage.diary == [winner, winner]
    assert stage.members[winner].calls[1:] == [
        ("get_token", (SCOPE,), {"claims": "{}", "tenant_id": "t", "enable_cae": True, "own": 1}),
        ("get_token_info", (SCOPE,), {"tenant_id": "t"}),
    ]


def test_get_token_info_searches_too(stage: Stage) -> None:
    """get_token_info searches the members and passes its options on."""
    stage.outcomes = {"cli": ("token",)}
    credential = stage.credential()
    assert credential.get_token_info(SCOPE, options={"tenant_id": "t"}).token == "token"
    assert stage.members["environment"].calls == [("get_token_info", (SCOPE,), {"tenant_id": "t"})]
    assert credential.raw.selected is stage.members["cli"]


@pytest.mark.parametrize("key", SERVICES)
@pytest.mark.parametrize("error", [BROKEN, ServiceRequestError("unreachable"), KeyError("mistake")])
def test_a_service_that_fails_ends_the_search(stage: Stage, key: str, error: Exception) -> None:
    """It is set up, so no other identity is used. The advice names it and the keyword that excludes it."""
    stage.outcomes = {key: (error,), "cli": ("token",)}
    credential = stage.credential()
    with pytest.raises(ChainError) as raised:
        credential.get_token(SCOPE)
    assert stage.diary[-1] == key
    assert raised.value.__cause__ is error
    assert raised.value.message.splitlines()[-1] == (
        f"{NAMES[key]} is set up but failed, which ended the search: fix the problem it reports, or pass "
        f"exclude_{key}_credential=True if it should not be used."
    )
    assert credential.raw.selected is None


@pytest.mark.parametrize("key", TOOLS)
def test_a_tool_that_fails_does_not_end_the_search(stage: Stage, key: str) -> None:
    """A developer may be signed in to another tenant. An error that is not about authentication does end it."""
    stage.outcomes = {key: (BROKEN, KeyError("mistake"))}
    credential = stage.credential(exclude_interactive_browser_credential=False)
    for ends_here in (False, True):
        stage.diary.clear()
        with pytest.raises(ChainError) as raised:
            credential.get_token(SCOPE)
        assert (stage.diary[-1] == key) is (ends_here or key == "interactive_browser")
        assert ("ended the search" in str(raised.value)) is ends_here


def test_a_tool_that_was_chosen_fails_with_its_own_error(stage: Stage) -> None:
    """There is no other credential to try."""
    error = ClientAuthenticationError(message="refused")
    stage.outcomes = {"cli": ("token", error, GONE, "token")}
    credential = stage.credential()
    credential.get_token(SCOPE)
    with pytest.raises(ClientAuthenticationError) as raised:
        credential.get_token(SCOPE)
    assert raised.value is error
    with pytest.raises(type(GONE)):
        credential.get_token(SCOPE)
    assert credential.get_token(SCOPE).token == "token"
    assert stage.diary.count("environment") == 1


def test_a_failed_search_is_repeated_by_the_next_call(stage: Stage) -> None:
    """`az login` helps without a restart."""
    stage.outcomes = {"cli": (GONE, "token")}
    credential = stage.credential()
    with pytest.raises(ChainError):
        credential.get_token(SCOPE)
    assert credential.get_token(SCOPE).token == "token"


def test_members_are_told_that_they_are_in_a_chain_until_one_is_selected(stage: Stage) -> None:
    """The selected member waits as long as it does outside a chain."""
    stage.outcomes = {"managed_identity": ("token",)}
    credential = stage.credential()
    credential.get_token(SCOPE)
    credential.get_token(SCOPE)
    assert stage.members["environment"].in_chain == [True]
    assert stage.members["managed_identity"].in_chain == [True, False]


@pytest.mark.parametrize(("value", "told"), [("ManagedIdentityCredential", False), ("prod", True)])
def test_a_managed_identity_that_is_named_is_not_probed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str, told: bool
) -> None:
    """AZURE_TOKEN_CREDENTIALS names it, so the credential waits for the host."""
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ChainError):
        stage.credential().get_token(SCOPE)
    assert stage.members["managed_identity"].in_chain == [told]


def test_missing_variables_of_a_pod_are_reported_at_the_end(stage: Stage) -> None:
    """The error names the class and the reason."""
    stage.constructor_errors["workload_identity"] = ValueError("lacks a file")
    stage.outcomes = {"cli": ("token", GONE)}
    assert stage.credential().get_token(SCOPE).token == "token"
    stage.outcomes = {}
    with pytest.raises(ChainError, match=r"\n\tWorkloadIdentityCredential: lacks a file\n"):
        stage.credential().get_token(SCOPE)


def test_the_error_says_what_to_do(stage: Stage) -> None:
    """Each attempt with its reason, then steps, then how to select credentials."""
    credential = stage.credential(exclude_broker_credential=True)
    with pytest.raises(ChainError) as raised:
        credential.get_token(SCOPE)
    assert raised.value.message.splitlines() == [
        "DefaultAzureCredential failed to retrieve a token from the included credentials.",
        "Attempted credentials:",
        *(f"\t{NAMES[key]}: not here" for key in DEFAULT),
        "To get a token, do one of these:",
        "\tOn your own machine: install the Azure CLI and run `az login`.",
        "\tWith the Azure Developer CLI: run `azd auth login`.",
        "\tIn PowerShell: install the module Az.Accounts and run `Connect-AzAccount`.",
        "\tAs a service: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app registration.",
        "\tOn an Azure host: give it a managed identity.",
        "The environment variable AZURE_TOKEN_CREDENTIALS (dev, prod, or the name of one credential, such as "
        "AzureCliCredential) and the keywords exclude_*_credential select which credentials are tried.",
        "More: https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot",
    ]
    assert [name for name, _ in raised.value.attempts] == [NAMES[key] for key in DEFAULT]


def test_only_steps_for_tried_credentials_are_advised(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error does not advise to sign in to a tool that is excluded."""
    monkeypatch.setenv(VARIABLE, "prod")
    with pytest.raises(ChainError) as raised:
        stage.credential().get_token(SCOPE)
    assert "az login" not in str(raised.value)
    assert "AZURE_CLIENT_SECRET" in str(raised.value)
    monkeypatch.setenv(VARIABLE, "VisualStudioCodeCredential")
    with pytest.raises(ChainError) as raised:
        stage.credential().get_token(SCOPE)
    assert "do one of these" not in str(raised.value)
    assert "AZURE_TOKEN_CREDENTIALS" in str(raised.value)


def test_success_is_logged_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """One line at INFO for the winner, and nothing for later calls."""
    caplog.set_level(logging.INFO)
    stage.outcomes = {"visual_studio_code": (BROKEN,), "cli": ("token",)}
    credential = stage.credential()
    for _ in range(3):
        credential.get_token(SCOPE)
        credential.get_token_info(SCOPE)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "DefaultAzureCredential acquired a token from AzureCliCredential")
    ]


@pytest.mark.parametrize("method", ["get_token", "get_token_info"])
def test_concurrent_callers_share_one_search(stage: Stage, method: str) -> None:
    """Each of them then calls the winner."""
    stage.outcomes = {"cli": ("token",)}
    credential = stage.credential()
    stage.members["environment"].latency = 0.05
    outcomes = stage.driver.together([lambda: getattr(credential.raw, method)(SCOPE)] * CALLERS)
    assert [outcome.token for outcome in outcomes] == ["token"] * CALLERS
    assert stage.diary.count("environment") == 1
    assert stage.diary.count("cli") == CALLERS


def test_concurrent_callers_share_one_failure(stage: Stage, all_joined: AllJoined) -> None:
    """Each receives its own error with the attempts."""
    credential = stage.credential()
    stage.members["environment"].before = all_joined(CALLERS)
    outcomes = stage.driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    assert {type(outcome) for outcome in outcomes} == {ChainError}
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert len({id(outcome) for outcome in outcomes}) == CALLERS
    assert all(outcome.attempts for outcome in outcomes)
    assert stage.diary.count("environment") == 1


def test_an_error_of_one_call_does_not_affect_others(stage: Stage) -> None:
    """An invalid scope or tenant fails only its own call."""
    credential = stage.credential()
    environment = stage.members["environment"]

    def answer(method: str, scopes: tuple[str, ...], keywords: dict[str, Any]) -> Any:
        environment.outcomes = [BROKEN if scopes == ("bad",) else "token"]
        return type(environment).answer(environment, method, scopes, keywords)

    environment.answer = answer
    environment.latency = 0.1
    calls = [lambda: credential.raw.get_token("bad"), lambda: credential.raw.get_token("good")]
    refused, served = stage.driver.together(calls)
    assert isinstance(refused, ChainError)
    assert served.token == "token"


async def _cancel_the_first(credential: Any, member: Any) -> list[Any]:
    # The first search cannot end before it is cancelled, however slow the machine is.
    member.latency = 3600.0
    first = asyncio.ensure_future(credential.get_token(SCOPE))
    await asyncio.sleep(0.01)
    others = [asyncio.ensure_future(credential.get_token(SCOPE)) for _ in range(3)]
    await asyncio.sleep(0.01)
    member.latency = 0.0
    first.cancel()
    return await asyncio.gather(first, *others, return_exceptions=True)


@pytest.mark.parametrize("driver", ["aio"], indirect=True)
def test_a_cancelled_search_is_repeated_for_the_other_callers(stage: Stage) -> None:
    """A time-out of one caller does not affect the others."""
    stage.outcomes = {"environment": ("token",)}
    credential = stage.credential()
    cancelled, *others = credential.wait(_cancel_the_first(credential.raw, stage.members["environment"]))
    assert isinstance(cancelled, asyncio.CancelledError)
    assert [other.token for other in others] == ["token"] * 3


def test_all_members_are_closed(stage: Stage) -> None:
    """Closing the chain closes every member, not only the winner."""
    stage.outcomes = {"environment": ("token",)}
    credential = stage.credential()
    credential.get_token(SCOPE)
    credential.close()
    assert {key: member.closed for key, member in stage.members.items()} == {key: ["close"] for key in DEFAULT}


def test_it_is_a_chained_token_credential(stage: Stage) -> None:
    """The class is a subclass, as in azure-identity; messages show its own name or that of a subclass."""
    import webidentity
    import webidentity.aio

    package = webidentity if stage.driver.name == "sync" else webidentity.aio
    assert issubclass(package.DefaultAzureCredential, package.ChainedTokenCredential)
    with pytest.raises(ValueError, match='"get_token" requires at least one scope'):
        stage.credential().get_token()
