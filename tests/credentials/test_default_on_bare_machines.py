"""DefaultAzureCredential on real machines: a fast answer, and no warnings on success."""

import logging
import os
import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, SCOPE, TENANT, token
from tests.kit.stage import DEFAULT, Stage
from webidentity import ChainError
from webidentity._credentials.default_members import DEFAULT_MEMBERS

#: The maximum number of seconds until the error that nothing is set up.
LONGEST = 2.5


@pytest.fixture
def silent_host() -> Iterator[str]:
    """A metadata service that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def bare(driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, silent_host: str) -> Driver:
    """A machine without tools, with an empty home folder and no host that answers."""
    monkeypatch.setattr(os, "environ", {})
    for name, value in (("PATH", ""), ("HOME", str(tmp_path)), ("LOCALAPPDATA", str(tmp_path))):
        monkeypatch.setenv(name, value)
    # Not with AZURE_POD_IDENTITY_AUTHORITY_HOST: if it is set, the host is not probed.
    imds = "webidentity._flows.managed_identity.imds"
    if find_spec(imds.rpartition(".")[0]):
        monkeypatch.setattr(f"{imds}.ADDRESS", silent_host)
    Stage(driver, monkeypatch, present=[member.key for member in DEFAULT_MEMBERS])
    return driver


def test_a_machine_without_any_source_fails_fast(bare: Driver) -> None:
    """The error has every attempt. The time includes construction and imports."""
    # The best of several attempts: another program may need the processor during one of them.
    for _ in range(5):
        began = time.monotonic()
        credential = Stage.made_for(bare)
        with pytest.raises(ChainError) as raised:
            credential.get_token(SCOPE)
        taken = time.monotonic() - began
        if taken < LONGEST:
            break
    assert taken < LONGEST
    names = [name for name, _ in raised.value.attempts]
    assert names[:3] == ["EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential"]
    assert {"AzureCliCredential", "AzurePowerShellCredential", "AzureDeveloperCliCredential"} <= {*names}
    assert len(names) >= len(DEFAULT) - 1
    assert "az login" in str(raised.value)


def test_one_source_is_found_without_warnings(
    bare: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """This library and its dependencies log nothing above INFO."""
    caplog.set_level(logging.DEBUG)
    for name, value in (("TENANT_ID", TENANT), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", "canary-secret")):
        monkeypatch.setenv(f"AZURE_{name}", value)
    network = Canned(token("canary-token"))
    credential = bare.credential("DefaultAzureCredential", network)
    for _ in range(2):
        assert credential.get_token(SCOPE).token == "canary-token"
    assert type(credential.raw.selected).__name__ == "EnvironmentCredential"
    assert len(network.sent) == 1
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert "canary" not in caplog.text
