"""DefaultAzureCredential on machines with one real source: it finds it, without warnings, and keeps using it."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.canned import Canned
from tests.kit.certificates import certificate
from tests.kit.drivers import Credential, Driver
from tests.kit.installed_tools import TOOLS, install
from tests.kit.on_hosts import KINDS as HOSTS
from tests.kit.on_hosts import OwnTransport, PutOn
from tests.kit.programs import Programs
from tests.kit.replies import CLIENT, SCOPE, TENANT, token

VARIABLES = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}


@pytest.fixture
def machine(
    driver: Driver, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Credential]]:
    """Makes the credential of a machine on which only what a test sets up is set up; no metadata service answers.

    All its members are the real ones.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr("webidentity._flows.managed_identity.imds.ADDRESS", address)
        made: list[Credential] = []

        def make(network: Any = None, **options: Any) -> Credential:
            made.append(driver.credential("DefaultAzureCredential", network or OwnTransport(), **options))
            return made[-1]

        yield make
        for credential in made:
            credential.close()


def found(credential: Credential, caplog: pytest.LogCaptureFixture) -> str:
    """Get two tokens, check that no warning was logged, and return the winner."""
    caplog.set_level(logging.DEBUG)
    first, second = credential.get_token(SCOPE), credential.get_token_info(SCOPE)
    assert first.token
    assert second.token
    loud = [f"{record.name}: {record.getMessage()}" for record in caplog.records if record.levelno > logging.INFO]
    assert loud == []
    return type(credential.raw.selected).__name__


@pytest.mark.parametrize("authentication", ["secret", "certificate"])
def test_a_service_principal_in_the_environment(
    machine: Callable[..., Credential],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    authentication: str,
) -> None:
    """A secret, or a certificate in a file, selects EnvironmentCredential."""
    path = tmp_path / "certificate.pem"
    path.write_bytes(certificate())
    given = (
        {"AZURE_CLIENT_SECRET": "secret"}
        if authentication == "secret"
        else {"AZURE_CLIENT_CERTIFICATE_PATH": str(path)}
    )
    for name, value in {**VARIABLES, **given}.items():
        monkeypatch.setenv(name, value)
    assert found(machine(Canned(token())), caplog) == "EnvironmentCredential"


def test_a_kubernetes_pod(
    machine: Callable[..., Credential],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """The token that Kubernetes mounts selects WorkloadIdentityCredential."""
    path = tmp_path / "token"
    path.write_text("projected")
    for name, value in {**VARIABLES, "AZURE_FEDERATED_TOKEN_FILE": str(path)}.items():
        monkeypatch.setenv(name, value)
    assert found(machine(Canned(token())), caplog) == "WorkloadIdentityCredential"


@pytest.mark.parametrize("kind", HOSTS)
def test_each_kind_of_host(
    machine: Callable[..., Credential], azure_host: PutOn, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A host on a real socket selects ManagedIdentityCredential."""
    host = azure_host(kind)
    assert found(machine(), caplog) == "ManagedIdentityCredential"
    assert host.requests


@pytest.mark.parametrize("name", TOOLS)
def test_a_developer_tool(
    machine: Callable[..., Credential], programs: Programs, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The only one that is installed, with a user signed in."""
    install(programs, name)
    assert found(machine(), caplog) == name
    assert len(programs.runs) == 2


def test_the_second_of_two_tools(
    machine: Callable[..., Credential], programs: Programs, caplog: pytest.LogCaptureFixture
) -> None:
    """The second tool is selected if no user is signed in to the first; later calls do not run the first."""
    programs.install("az", stderr="ERROR: Please run 'az login' to setup account.", code=1)
    install(programs, "AzurePowerShellCredential")
    assert found(machine(), caplog) == "AzurePowerShellCredential"
    assert [run.arguments[0] for run in programs.runs] == ["account", "-NoProfile", "-NoProfile"]


def test_the_error_has_the_failures_of_the_tools(machine: Callable[..., Credential], programs: Programs) -> None:
    """Each attempt with its reason, and the steps at the end."""
    programs.install("az", stderr="ERROR: Please run 'az login' to setup account.", code=1)
    programs.install("azd", stderr="ERROR: not logged in, run `azd auth login` to login", code=1)
    credential = machine()
    with pytest.raises(Exception) as caught:
        credential.get_token(SCOPE)
    text = str(caught.value)
    for said in (
        "EnvironmentCredential: ",
        "ManagedIdentityCredential: ",
        "AzureCliCredential: Please run 'az login' to set up an account",
        "AzurePowerShellCredential: PowerShell is not installed",
        "AzureDeveloperCliCredential: Please run 'azd auth login'",
    ):
        assert said in text
    assert "az login" in text.partition("AzureDeveloperCliCredential")[2]
    assert os.environ["HOME"] not in text
