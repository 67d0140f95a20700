"""Clocks, randomness and the environment are read through their modules, so that tests can replace them."""

import ast
import os
import secrets
import time
from pathlib import Path

import jwt
import pytest

import webidentity
from tests.kit.credential_kinds import Maker, entra
from tests.kit.drivers import Driver
from tests.kit.replies import SCOPE

PACKAGE = Path(webidentity.__file__).parent
#: Modules whose functions return a different value at each call.
OUTSIDE = {"time", "os", "secrets", "random", "uuid", "datetime"}
FOLDERS = ["_credentials", "aio", "_flows", "_protocol", "_transport"]


@pytest.mark.parametrize("module", sorted(OUTSIDE))
def test_no_module_imports_their_functions(module: str) -> None:
    """Otherwise replacing a function would have no effect there."""
    paths = [path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*.py")]
    found = [
        f"{path.name}: {', '.join(alias.name for alias in node.names)}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == module
    ]
    assert not found


def test_a_patched_clock_is_used(driver: Driver, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expiry, the refresh window and signed assertions use the patched clock."""
    network = entra()
    credential = make("CertificateCredential", network)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.5)
    assert credential.get_token(SCOPE).expires_on == 2_000_003_600
    claims = jwt.decode(network.forms[0]["client_assertion"], options={"verify_signature": False})
    assert (claims["iat"], claims["exp"]) == (2_000_000_000, 2_000_000_600)
    monkeypatch.setattr(time, "time", lambda: 2_000_003_299.0)
    assert credential.get_token(SCOPE).token == "token-1"
    monkeypatch.setattr(time, "time", lambda: 2_000_003_301.0)
    assert credential.get_token(SCOPE).token == "token-1"
    driver.settle()
    assert credential.get_token(SCOPE).token == "token-2"


def test_patched_randomness_is_used(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ID of an assertion uses the patched randomness."""
    network = entra()
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * 2 * size)
    make("CertificateCredential", network).get_token(SCOPE)
    claims = jwt.decode(network.forms[0]["client_assertion"], options={"verify_signature": False})
    assert claims["jti"] == "00000000-0000-4000-8000-000000000000"


def test_a_patched_environment_is_used(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials read os.environ even if a test replaces it as a whole."""
    monkeypatch.setattr(os, "environ", {"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"})
    network = entra()
    make("ClientSecretCredential", network).get_token(SCOPE)
    assert network.sent[0].url.startswith("https://login.microsoftonline.us/")
