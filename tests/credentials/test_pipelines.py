"""AzurePipelinesCredential: its request to Azure DevOps, and the errors."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import CLIENT, SCOPE, TENANT, token
from webidentity.errors import CredentialUnavailableError

ADDRESS = "https://dev.azure.test/org/project/_apis/distributedtask/hubs/build/plans/p/jobs/j/oidctoken"
REQUIRED = {
    "tenant_id": TENANT,
    "client_id": CLIENT,
    "service_connection_id": "connection & more",
    "system_access_token": "system-token",
}
ISSUED = Reply({"oidcToken": "pipeline-token"})


@pytest.fixture(autouse=True)
def _in_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", ADDRESS)


def credential_of(driver: Driver, network: Canned, **options: Any) -> Credential:
    return driver.credential("AzurePipelinesCredential", network, **{**REQUIRED, "retry_total": 0, **options})


def test_an_assertion_of_azure_devops_is_sent_to_entra(driver: Driver) -> None:
    """Two POST requests through the same pipeline."""
    network = Canned(ISSUED, token("the-token"))
    assert credential_of(driver, network).get_token(SCOPE).token == "the-token"
    asked, sent = network.sent
    parts = urlsplit(asked.url)
    assert (asked.method, f"{parts.scheme}://{parts.netloc}{parts.path}") == ("POST", ADDRESS)
    assert dict(parse_qsl(parts.query)) == {"api-version": "7.1", "serviceConnectionId": "connection & more"}
    assert asked.headers["Authorization"] == "Bearer system-token"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["X-TFS-FedAuthRedirect"] == "Suppress"
    assert sent.url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert sent.form["client_assertion"] == "pipeline-token"
    assert "Authorization" not in sent.headers


def test_each_token_request_has_a_new_assertion(driver: Driver, clock: Clock) -> None:
    """An assertion is valid for minutes."""
    network = Canned(ISSUED, token(), Reply({"oidcToken": "another"}), token())
    credential = credential_of(driver, network)
    credential.get_token(SCOPE)
    credential.get_token(SCOPE)
    clock.advance(3601)
    credential.get_token(SCOPE)
    assert [network.forms[position]["client_assertion"] for position in (1, 3)] == ["pipeline-token", "another"]


@pytest.mark.parametrize("missing", REQUIRED)
@pytest.mark.parametrize("value", ["", None])
def test_all_four_arguments_are_required(driver: Driver, missing: str, value: Any) -> None:
    """The message says how to set the last one."""
    with pytest.raises(ValueError, match=r"system_access_token.*SYSTEM_ACCESSTOKEN"):
        credential_of(driver, Canned(), **{missing: value})


@pytest.mark.parametrize("value", [None, ""])
def test_outside_a_job_it_is_unavailable(driver: Driver, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """The call raises the error before anything is sent, so that a chain tries the next credential."""
    if value is None:
        monkeypatch.delenv("SYSTEM_OIDCREQUESTURI")
    else:
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", value)
    network = Canned()
    credential = credential_of(driver, network)
    with pytest.raises(CredentialUnavailableError, match="SYSTEM_OIDCREQUESTURI"):
        credential.get_token(SCOPE)
    assert not network.sent


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"message": "no such connection"}, 404),
        Reply("<html>sign in</html>", 203),
        Reply({"other": "field"}),
        Reply({"oidcToken": ""}),
        Reply({"oidcToken": 5}),
        Reply("[]"),
        Reply(""),
        Reply("", 302, {"Location": "https://evil.test/signin"}),
        Reply(b"\xff\xfe\x00\x80", 200, {"Content-Type": "application/json; charset=utf-8"}),
        Reply(b"{}", 200, {"Content-Type": "application/json; charset=no-such-charset"}),
    ],
    ids=["refused", "page", "no token", "empty", "number", "list", "nothing", "redirect", "bytes", "charset"],
)
def test_an_invalid_reply_of_azure_devops_is_an_authentication_error(driver: Driver, reply: Reply) -> None:
    """The error has the response and says what to check; redirects are not followed, and nothing is sent to Entra."""
    network = Canned(reply)
    with pytest.raises(ClientAuthenticationError, match="service connection's id") as caught:
        credential_of(driver, network).get_token(SCOPE)
    assert not isinstance(caught.value, CredentialUnavailableError)
    assert caught.value.response.status_code == reply.status
    assert f"HTTP {reply.status}" in caught.value.message
    assert len(network.sent) == 1
    assert "system-token" not in str(caught.value)


def test_requests_to_a_busy_azure_devops_are_retried(driver: Driver) -> None:
    """azure-core's retry policy repeats the request."""
    network = Canned(Reply("", 503), ISSUED, token("the-token"))
    credential = credential_of(driver, network, retry_total=1, retry_backoff_factor=0)
    assert credential.get_token(SCOPE).token == "the-token"


def test_an_unreachable_azure_devops_is_an_error_of_azure_core(driver: Driver) -> None:
    """The error is the same as for an unreachable authority."""
    with pytest.raises(ServiceRequestError):
        credential_of(driver, Canned(requests.ConnectionError("refused"))).get_token(SCOPE)
