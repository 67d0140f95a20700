"""AzureCliCredential, AzureDeveloperCliCredential and AzurePowerShellCredential, with fake programs on PATH."""

import asyncio
import os
import pickle
import shutil
import sys
import threading
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import webidentity
import webidentity.aio
from tests.kit.drivers import Driver, open_driver
from tests.kit.installed_tools import EPOCH, OUTPUTS, TOOLS, install
from tests.kit.programs import Programs, is_reaped, soon
from tests.kit.replies import SCOPE, TENANT
from webidentity import CredentialUnavailableError
from webidentity._flows.tool import find_program, system_folder

every_tool = pytest.mark.parametrize("name", TOOLS)


@every_tool
def test_the_token_of_the_tool_is_returned(driver: Driver, programs: Programs, name: str) -> None:
    """Both methods return the token with the tool's expiry."""
    install(programs, name)
    credential = driver.tool(name)
    token, info = credential.get_token(SCOPE), credential.get_token_info(SCOPE, options={"tenant_id": TENANT})
    assert (token.token, token.expires_on) == ("tok", EPOCH)
    assert (info.token, info.expires_on, info.token_type, info.refresh_on) == ("tok", EPOCH, "Bearer", None)
    assert "tok" not in f"{token!r}{info!r}".replace("token", "")


@every_tool
def test_the_tool_is_run_for_each_call(driver: Driver, programs: Programs, name: str) -> None:
    """Its user may have changed."""
    install(programs, name)
    credential = driver.tool(name)
    for _ in range(3):
        credential.get_token(SCOPE)
    assert len(programs.runs) == 3


@every_tool
def test_concurrent_callers_share_one_process(driver: Driver, programs: Programs, name: str) -> None:
    """Different requests have their own."""
    install(programs, name, seconds=1)
    raw = driver.tool(name).raw
    calls: list[Callable[[], Any]] = [lambda: raw.get_token(SCOPE)] * 64
    tokens = driver.together([*calls, lambda: raw.get_token(SCOPE, tenant_id=TENANT)])
    assert {token.token for token in tokens} == {"tok"}
    assert len(programs.runs) == 2


def test_concurrent_callers_share_one_failure(driver: Driver, programs: Programs) -> None:
    """Each receives its own exception of the one process."""
    programs.install("az", stderr="Please run 'az login'", code=1, seconds=1)
    raw = driver.tool("AzureCliCredential").raw
    errors = driver.together([lambda: raw.get_token(SCOPE)] * 16)
    assert {str(error) for error in errors} == {"Please run 'az login' to set up an account"}
    assert {type(error) for error in errors} == {CredentialUnavailableError}
    assert len({id(error) for error in errors}) == 16
    assert len(programs.runs) == 1


@every_tool
def test_a_cancelled_call_kills_the_process(programs: Programs, name: str) -> None:
    """Another caller who waited for it starts a new one."""
    install(programs, name, seconds=60)

    async def main() -> Any:
        credential = getattr(webidentity.aio, name)()
        first = asyncio.create_task(credential.get_token(SCOPE))
        run = await asyncio.to_thread(programs.wait_for_run)
        second = asyncio.create_task(credential.get_token(SCOPE))
        await asyncio.sleep(0)
        install(programs, name)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert is_reaped(run.pid)
        return await second

    assert asyncio.run(main()).token == "tok"
    assert len(programs.runs) == 2


@every_tool
def test_a_process_that_takes_too_long_is_killed(driver: Driver, programs: Programs, name: str) -> None:
    """The message says how long it took and how to change it. The next call tries again."""
    install(programs, name, seconds=60)
    credential = driver.tool(name, process_timeout=1)
    with pytest.raises(CredentialUnavailableError, match=r"Timed out waiting for Azure .* after 1 s; process_timeout"):
        credential.get_token(SCOPE)
    assert is_reaped(programs.runs[0].pid)
    install(programs, name)
    # Long enough for a busy machine.
    credential.raw._token_source._grant.process_timeout = 20
    assert credential.get_token(SCOPE).token == "tok"


@every_tool
def test_an_event_loop_without_subprocess_support(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The program runs on a thread, with the same tenant, subscription and timeout."""

    async def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    given: dict[str, Any] = {"tenant_id": TENANT}
    if name == "AzureCliCredential":
        given["subscription"] = "Mine"
    install(programs, name)
    with open_driver("sync") as driver:
        driver.tool(name, **given).get_token(SCOPE)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with open_driver("aio") as driver:
        driver.tool(name, **given).get_token(SCOPE)
        one, other = programs.runs
        assert one.arguments == other.arguments
        assert TENANT in (" ".join(one.arguments) if name != "AzurePowerShellCredential" else script_of(one.arguments))
        install(programs, name, seconds=60)
        with pytest.raises(CredentialUnavailableError, match=r"after 0\.3 s"):
            driver.tool(name, process_timeout=0.3, **given).get_token(SCOPE)
    assert soon(lambda: all(is_reaped(run.pid) for run in programs.runs) or None)


def script_of(arguments: list[str]) -> str:
    return b64decode(arguments[-1]).decode("utf-16-le")


def test_the_script_of_power_shell(driver: Driver, programs: Programs) -> None:
    """The script has the resource of the scope and the tenant."""
    install(programs, "AzurePowerShellCredential")
    driver.tool("AzurePowerShellCredential").get_token("https://vault.azure.net/.default", tenant_id=TENANT)
    (run,) = programs.runs
    assert run.arguments[:-1] == ["-NoProfile", "-NonInteractive", "-EncodedCommand"]
    script = script_of(run.arguments)
    assert "ResourceUrl = 'https://vault.azure.net'" in script
    assert f"TenantId = '{TENANT}'" in script


@every_tool
def test_no_tool_of_the_current_directory_is_run(
    driver: Driver, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Relative entries of PATH are ignored and the tool runs elsewhere, because another user may control the folder."""
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    monkeypatch.chdir(here)
    for folder in (here, here / "sub"):
        install(programs, name, folder=folder)
    entries = ["", ".", "sub", "./sub", "..", str(programs.folder)]
    monkeypatch.setenv("PATH", os.pathsep.join(entries))
    with pytest.raises(CredentialUnavailableError, match=r"not found|could not be found|not installed"):
        driver.tool(name).get_token(SCOPE)
    assert not programs.runs
    install(programs, name)
    assert driver.tool(name).get_token(SCOPE).token == "tok"
    (run,) = programs.runs
    assert run.folder == os.path.realpath("/bin")


def test_windows_searches_absolute_folders_only(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """shutil.which starts with the current directory there."""
    monkeypatch.chdir(tmp_path)
    programs.install("az.cmd", folder=tmp_path)
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        assert find_program(("az.cmd", "az.exe")) is None
        wanted = programs.install("az.exe")
        assert find_program(("az.cmd", "az.exe")) == str(wanted)
        wanted = programs.install("az.cmd")
        assert find_program(("az.cmd", "az.exe")) == str(wanted)


def test_a_relative_path_is_not_run(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is found under a relative path is ignored."""
    monkeypatch.setattr(shutil, "which", lambda name: "az")
    assert find_program(("az",)) is None


def test_without_path_no_tool_is_found(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current directory is not searched either."""
    monkeypatch.setenv("PATH", "")
    assert find_program(("az",)) is None


def test_windows_runs_tools_in_the_system_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says if the folder is unknown."""
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.setenv("SYSTEMROOT", r"C:\Windows")
        assert system_folder() == r"C:\Windows"
        windows.delenv("SYSTEMROOT")
        with pytest.raises(CredentialUnavailableError, match="Environment variable 'SYSTEMROOT' has no value"):
            system_folder()


def test_windows_powershell_is_the_fallback(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows PowerShell runs if pwsh is not installed."""
    programs.install("powershell.exe", OUTPUTS["pwsh"])
    with open_driver("sync") as driver, monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.setenv("SYSTEMROOT", "/")
        assert driver.tool("AzurePowerShellCredential").get_token(SCOPE).token == "tok"
        programs.install("pwsh.exe", f"azsdk%newer%{EPOCH}\n")
        assert driver.tool("AzurePowerShellCredential").get_token(SCOPE).token == "newer"


@every_tool
def test_the_debug_log_has_neither_token_nor_environment(
    driver: Driver, programs: Programs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The log of successes and failures has neither."""
    caplog.set_level("DEBUG")
    monkeypatch.setenv("SOME_SECRET", "canary-variable")
    program = TOOLS[name]
    programs.install(program, OUTPUTS[program].replace("tok%", "canary%").replace('"tok"', '"canary"'))
    driver.tool(name).get_token(SCOPE)
    programs.install(program, stderr='{"token": "canary-token"} noise', code=1)
    with pytest.raises(webidentity.errors.ClientAuthenticationError) as caught:
        driver.tool(name).get_token(SCOPE)
    assert "canary" not in caplog.text
    assert "canary" not in str(caught.value)
    assert ("noise" in caplog.text) == (program == "pwsh")


@every_tool
@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_a_credential_survives_pickling(package: Any, name: str) -> None:
    """The copy has the same settings."""
    credential = getattr(package, name)(tenant_id=TENANT, process_timeout=7)
    copy = pickle.loads(pickle.dumps(credential))
    assert (copy.tenant_id, copy._token_source._grant.process_timeout) == (TENANT, 7)


@every_tool
def test_public_attributes_are_the_arguments(name: str) -> None:
    """The attributes are the same as in azure-identity."""
    assert getattr(webidentity, name)().tenant_id == ""
    assert getattr(webidentity, name)(tenant_id=TENANT).tenant_id == TENANT
    assert webidentity.AzureCliCredential(subscription="Mine").subscription == "Mine"
    assert webidentity.AzureCliCredential().subscription is None


def test_a_credential_can_be_closed_and_used_again(programs: Programs) -> None:
    """It has no open resources."""
    install(programs, "AzureCliCredential")
    with webidentity.AzureCliCredential() as credential:
        credential.get_token(SCOPE)
    credential.close()
    assert credential.get_token(SCOPE).token == "tok"

    async def main() -> str:
        async with webidentity.aio.AzureCliCredential() as credential:
            await credential.get_token(SCOPE)
        await credential.close()
        return str((await credential.get_token(SCOPE)).token)

    assert asyncio.run(main()) == "tok"


def test_one_credential_in_many_threads_and_event_loops(programs: Programs) -> None:
    """Each thread has its own event loop, as Flask's async views do."""
    install(programs, "AzureCliCredential", seconds=0.5)
    credential = webidentity.aio.AzureCliCredential()
    tokens: list[str] = []

    def view() -> None:
        tokens.append(asyncio.run(credential.get_token(SCOPE)).token)

    threads = [threading.Thread(target=view) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert tokens == ["tok"] * 8
