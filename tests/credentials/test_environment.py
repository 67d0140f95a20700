"""EnvironmentCredential: which variables select which credential, and the error if some are missing."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

import webidentity
import webidentity.aio
from tests.kit.canned import Canned
from tests.kit.certificates import certificate
from tests.kit.chain_members import KINDS, Member
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, token
from webidentity import CredentialUnavailableError

IDS = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
PACKAGES: dict[str, Any] = {"sync": webidentity, "aio": webidentity.aio}


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def pem(tmp_path: Path) -> str:
    path = tmp_path / "certificate.pem"
    path.write_bytes(certificate(password=b"canary-password"))
    return str(path)


@pytest.fixture
def made(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The keywords of each UsernamePasswordCredential that is created; the class is replaced by a stand-in."""
    keywords: list[dict[str, Any]] = []

    def make(**given: Any) -> Member:
        keywords.append(given)
        return KINDS[driver.name]("user-token")

    monkeypatch.setattr(PACKAGES[driver.name], "UsernamePasswordCredential", make)
    return keywords


def test_a_secret(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential uses the authority of the environment and additional keywords."""
    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_SECRET": "s3cret", "AZURE_AUTHORITY_HOST": "login.microsoftonline.us"})
    network = Canned(token("1"), token("2"))
    credential = driver.credential("EnvironmentCredential", network, additionally_allowed_tenants=["*"], retry_total=0)
    assert credential.get_token(SCOPE).token == "1"
    assert credential.get_token_info(SCOPE, options={"tenant_id": OTHER_TENANT}).token == "2"
    assert [sent.url for sent in network.sent] == [
        f"https://login.microsoftonline.us/{tenant}/oauth2/v2.0/token" for tenant in (TENANT, OTHER_TENANT)
    ]
    assert network.forms[0]["client_secret"] == "s3cret"


def test_calls_are_passed_on(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inner credential receives all options of the call."""
    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_SECRET": "s3cret"})
    network = Canned(token("1"), token("2"))
    credential = driver.credential("EnvironmentCredential", network)
    credential.get_token(SCOPE, claims='{"access_token": {"nbf": {}}}', enable_cae=True, tenant_id=TENANT)
    assert "nbf" in network.forms[0]["claims"]
    assert "CP1" in network.forms[0]["claims"]
    assert credential.get_token_info(SCOPE, options={"enable_cae": True}).token == "1"
    credential.close()


@pytest.mark.parametrize(
    ("flag", "chain_is_sent"), [(None, False), ("", False), ("false", False), ("0", False), ("True", True), ("1", True)]
)
def test_a_certificate(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, pem: str, flag: str | None, chain_is_sent: bool
) -> None:
    """The certificate is opened with its password, and the flag decides whether its chain is sent."""
    import jwt

    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_CERTIFICATE_PATH": pem})
    set_all(monkeypatch, {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "canary-password"})
    if flag is not None:
        monkeypatch.setenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", flag)
    network = Canned(token("1"))
    assert driver.credential("EnvironmentCredential", network).get_token(SCOPE).token == "1"
    assert ("x5c" in jwt.get_unverified_header(network.forms[0]["client_assertion"])) is chain_is_sent


def test_an_invalid_flag_is_refused(driver: Driver, monkeypatch: pytest.MonkeyPatch, pem: str) -> None:
    """The error names the variable."""
    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_CERTIFICATE_PATH": pem, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "on"})
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "canary-password")
    with pytest.raises(ValueError, match="AZURE_CLIENT_SEND_CERTIFICATE_CHAIN is 'on'"):
        driver.credential("EnvironmentCredential", Canned())


@pytest.mark.parametrize("tenant", [None, "", TENANT])
def test_a_user(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, made: list[dict[str, Any]], tenant: str | None
) -> None:
    """The tenant is optional."""
    set_all(monkeypatch, {"AZURE_CLIENT_ID": CLIENT, "AZURE_USERNAME": "ada", "AZURE_PASSWORD": "canary"})
    if tenant is not None:
        monkeypatch.setenv("AZURE_TENANT_ID", tenant)
    credential = driver.credential("EnvironmentCredential", Canned(), retry_total=0)
    assert credential.get_token(SCOPE).token == "user-token"
    [given] = made
    assert given.pop("transport") is not None
    of_tenant = {"tenant_id": TENANT} if tenant else {}
    assert given == {"client_id": CLIENT, "username": "ada", "password": "canary", "retry_total": 0, **of_tenant}


def test_the_first_complete_configuration_is_used(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, made: list[dict[str, Any]], pem: str
) -> None:
    """A secret, a certificate, a user. An empty variable is not complete."""
    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_SECRET": "s3cret", "AZURE_CLIENT_CERTIFICATE_PATH": pem})
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "canary-password")
    set_all(monkeypatch, {"AZURE_USERNAME": "ada", "AZURE_PASSWORD": "canary"})
    names = []
    for variable in ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME"):
        credential = driver.credential("EnvironmentCredential", Canned()).raw
        names.append(type(credential._credential).__name__)
        monkeypatch.setenv(variable, "")
    assert names == ["ClientSecretCredential", "CertificateCredential", KINDS[driver.name].__name__]
    assert len(made) == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "for a client secret, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."),
        ({"AZURE_CLIENT_ID": CLIENT}, "for a client secret, AZURE_TENANT_ID and AZURE_CLIENT_SECRET are missing."),
        (IDS, "for a client secret, AZURE_CLIENT_SECRET is missing."),
        (
            {**IDS, "AZURE_CLIENT_SECRET": ""},
            "for a client secret, AZURE_CLIENT_SECRET (which is empty) is missing.",
        ),
        (
            {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_CERTIFICATE_PATH": "canary"},
            "for a certificate, AZURE_CLIENT_ID is missing.",
        ),
        (
            {"AZURE_TENANT_ID": TENANT, "AZURE_USERNAME": "canary"},
            "for a user name and password, AZURE_CLIENT_ID and AZURE_PASSWORD are missing.",
        ),
        (
            {"AZURE_PASSWORD": "canary", "AZURE_USERNAME": "canary"},
            "for a user name and password, AZURE_CLIENT_ID is missing.",
        ),
    ],
)
def test_missing_variables_are_named(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    said: str,
) -> None:
    """get_token names the variables of the configuration that lacks the fewest, and logs them at INFO."""
    caplog.set_level(logging.INFO)
    set_all(monkeypatch, variables)
    credential = driver.credential("EnvironmentCredential", Canned())
    start = "EnvironmentCredential authentication unavailable. Environment variables are not fully configured: "
    for call in (credential.get_token, credential.get_token_info):
        with pytest.raises(CredentialUnavailableError) as raised:
            call(SCOPE)
        assert raised.value.message == start + said
    credential.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("INFO", start + said)]


def test_malformed_values_are_refused_by_the_constructor(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration is complete, so it was meant to be used."""
    set_all(monkeypatch, {**IDS, "AZURE_CLIENT_SECRET": "s3cret", "AZURE_TENANT_ID": "not a tenant"})
    with pytest.raises(ValueError, match="tenant"):
        driver.credential("EnvironmentCredential", Canned())


def test_it_is_a_context_manager(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential can be entered with a complete and with an incomplete configuration."""
    for configured in (False, True):
        if configured:
            set_all(monkeypatch, {**IDS, "AZURE_CLIENT_SECRET": "s3cret"})
        credential = driver.credential("EnvironmentCredential", Canned(token("1")) if configured else Canned())
        enter, leave = ("__enter__", "__exit__") if driver.name == "sync" else ("__aenter__", "__aexit__")
        wait = credential.wait
        assert wait(getattr(credential.raw, enter)()) is credential.raw
        if configured:
            assert credential.get_token(SCOPE).token == "1"
        wait(getattr(credential.raw, leave)(None, None, None))


def test_the_environment_is_read_by_the_constructor(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the constructor reads the environment."""
    monkeypatch.setattr(os, "environ", {**IDS, "AZURE_CLIENT_SECRET": "s3cret"})
    network = Canned(token("1"))
    credential = driver.credential("EnvironmentCredential", network)
    monkeypatch.setattr(os, "environ", {})
    assert credential.get_token(SCOPE).token == "1"
