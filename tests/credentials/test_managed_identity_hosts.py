"""How ManagedIdentityCredential finds its host, and what it reports if the host fails."""

import logging

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

import webidentity
from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.on_hosts import KINDS, SCOPE, PutOn, credential
from tests.kit.replies import TENANT


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({}, "IMDS"),
        ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://localhost:1"}, "IMDS"),
        ({"IDENTITY_ENDPOINT": "http://localhost:1", "IDENTITY_HEADER": "h"}, "App Service"),
        ({"IDENTITY_ENDPOINT": "http://localhost:1", "IDENTITY_HEADER": "h", "IMDS_ENDPOINT": "x"}, "App Service"),
        ({"IDENTITY_ENDPOINT": "http://localhost:1", "IMDS_ENDPOINT": "x"}, "Azure Arc"),
        (
            {
                "IDENTITY_ENDPOINT": "https://localhost:1",
                "IDENTITY_HEADER": "h",
                "IDENTITY_SERVER_THUMBPRINT": "ab" * 20,
            },
            "Service Fabric",
        ),
        ({"MSI_ENDPOINT": "http://localhost:1", "MSI_SECRET": "s"}, "Azure ML"),
        ({"MSI_ENDPOINT": "http://localhost:1"}, "Cloud Shell"),
        ({"MSI_ENDPOINT": "http://localhost:1", "AZURE_FEDERATED_TOKEN_FILE": "f"}, "Cloud Shell"),
        ({"IDENTITY_ENDPOINT": "http://l:1", "IDENTITY_HEADER": "h", "MSI_ENDPOINT": "http://l:1"}, "App Service"),
        ({"AZURE_TENANT_ID": TENANT, "AZURE_FEDERATED_TOKEN_FILE": "f"}, "IMDS"),
    ],
)
def test_the_environment_selects_the_host(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variables: dict[str, str], host: str
) -> None:
    """The constructor selects the host and logs it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.INFO):
        made = webidentity.ManagedIdentityCredential()
    for name in variables:
        monkeypatch.delenv(name)
    assert made._token_source._grant.source.host == host
    assert f"will use {host} with no id" in caplog.text


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"IDENTITY_ENDPOINT": "http://localhost:1"}, "Only IDENTITY_ENDPOINT is set"),
        (
            {"IDENTITY_ENDPOINT": "not a url", "IDENTITY_HEADER": "h"},
            "IDENTITY_ENDPOINT is not a valid http or https URL",
        ),
        (
            {"IDENTITY_ENDPOINT": "file:///etc/passwd", "IMDS_ENDPOINT": "x"},
            "IDENTITY_ENDPOINT is not a valid http or https URL",
        ),
        (
            {"IDENTITY_ENDPOINT": "http://user@h", "IMDS_ENDPOINT": "x"},
            "IDENTITY_ENDPOINT is not a valid http or https URL",
        ),
        (
            {"IDENTITY_ENDPOINT": "http://h:port", "IMDS_ENDPOINT": "x"},
            "IDENTITY_ENDPOINT is not a valid http or https URL",
        ),
        ({"IDENTITY_ENDPOINT": "http://h", "IDENTITY_HEADER": "canary\r\nX: 1"}, "cannot be sent in a header"),
        ({"MSI_ENDPOINT": "localhost:1"}, "MSI_ENDPOINT is not a valid http or https URL"),
        (
            {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "localhost"},
            "AZURE_POD_IDENTITY_AUTHORITY_HOST is not a valid http or https URL",
        ),
    ],
)
def test_an_inconsistent_environment_is_reported(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], problem: str
) -> None:
    """get_token raises the error, so that a chain with this credential can be constructed."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    used = credential(driver, Canned())
    for _ in range(2):
        with pytest.raises(webidentity.CredentialUnavailableError, match=problem) as caught:
            used.get_token(SCOPE)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "imds"])
@pytest.mark.parametrize("failure", ["a page", "nothing there", "an error"])
def test_failures_of_each_host(driver: Driver, azure_host: PutOn, kind: str, failure: str) -> None:
    """The credential is unavailable without a valid answer; a refusal is an authentication error."""
    host = azure_host(kind)
    used = credential(driver, retry_total=0)
    if failure == "a page":
        host.fail(200, body="<html>sign in to the hotel's network</html>")
    elif failure == "an error":
        host.fail(502)
    else:
        host.close()
    expected = HttpResponseError if failure == "an error" else webidentity.CredentialUnavailableError
    with pytest.raises(ClientAuthenticationError) as caught:
        used.get_token(SCOPE)
    assert isinstance(caught.value, expected)
    assert isinstance(caught.value, webidentity.CredentialUnavailableError) == (failure != "an error")
    if failure == "an error":
        assert caught.value.status_code == 502
    if failure != "nothing there":
        assert used.get_token(SCOPE).token, "a failure disables nothing"
    used.close()
