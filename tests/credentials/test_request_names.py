"""What requests tell about themselves: their ID, the library and the account; and the ID in errors and logs."""

import logging
import pickle
import sys
import traceback
from typing import Any
from uuid import UUID

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

import webidentity
from tests.kit.canned import Canned, Reply, Sent, lines_of
from tests.kit.clock import Clock
from tests.kit.credential_kinds import DEVOPS, KINDS, Maker, entra, token_requests
from tests.kit.drivers import Driver
from tests.kit.records import all_logs
from tests.kit.replies import CLIENT, SCOPE, TENANT, client_info, jwt_of, refusal, token, user_token
from webidentity.errors import AuthorityUnavailableError, EntraError

ADA = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
HOME = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
NAMES = {"client-request-id", "x-client-SKU", "x-client-Ver", "x-client-OS", "x-ms-lib-capability", "X-AnchorMailbox"}


def id_of(sent: Sent) -> str:
    return sent.headers["client-request-id"]


@pytest.fixture
def make(driver: Driver, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Maker:
    return Maker(driver, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", KINDS)
def test_every_token_request_has_a_name(make: Maker, name: str) -> None:
    """A GUID of its own, which azure-core logs under its own name, and the library."""
    network = entra()
    credential = make(name, network)
    for scope in ("a/.default", "b/.default"):
        credential.get_token(scope)
    sent = token_requests(network)
    assert len({id_of(each) for each in sent}) == 2
    for each in sent:
        assert str(UUID(id_of(each))) == id_of(each) == each.headers["x-ms-client-request-id"]
        assert each.headers["x-client-SKU"] == "webidentity.Python"
        assert each.headers["x-client-Ver"] == webidentity.__version__
        assert each.headers["x-client-OS"] == sys.platform
        assert each.headers["x-ms-lib-capability"] == "retry-after, h429"


def test_other_hosts_are_told_nothing(make: Maker) -> None:
    """Azure DevOps receives none of the headers."""
    network = entra()
    make("AzurePipelinesCredential", network).get_token(SCOPE)
    (elsewhere,) = (sent for sent in network.sent if sent.url.startswith(DEVOPS))
    assert not NAMES & elsewhere.headers.keys()


def test_a_managed_identity_host_is_told_nothing(driver: Driver) -> None:
    """It is not the authority."""
    network = Canned(answer=lambda _: token(expires_on="1900000000"))
    driver.credential("ManagedIdentityCredential", network).get_token(SCOPE)
    assert not NAMES & network.sent[0].headers.keys()


def test_a_retry_has_the_same_name(driver: Driver) -> None:
    """A retry repeats the request; the error names both."""
    network = Canned(Reply(status=503), Reply({"error": "temporarily_unavailable"}, 503))
    credential = driver.credential(
        "ClientSecretCredential", network, TENANT, CLIENT, "s3cret", retry_total=1, retry_backoff_factor=0
    )
    with pytest.raises(EntraError) as caught:
        credential.get_token(SCOPE)
    assert {id_of(sent) for sent in network.sent} == {caught.value.correlation_id}


def test_headers_of_the_user_win(driver: Driver) -> None:
    """azure-core's keyword sets its own header only; a policy may replace any."""
    network = Canned(answer=lambda _: token())
    driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", request_id="mine").get_token(SCOPE)
    driver.credential(
        "ClientSecretCredential", network, TENANT, CLIENT, "s3cret", headers={"x-client-SKU": "mine"}
    ).get_token(SCOPE)
    first, second = network.sent
    assert first.headers["x-ms-client-request-id"] == "mine"
    assert UUID(id_of(first))
    assert second.headers["x-client-SKU"] == "mine"


def code_credential(driver: Driver, network: Canned, **options: Any) -> Any:
    arguments = {"client_secret": "s3cret", "retry_total": 0, **options}
    return driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "https://app.test/", **arguments
    )


def test_a_refresh_is_routed_by_the_account(driver: Driver, clock: Clock) -> None:
    """The header has the IDs of the home account. When a code is redeemed, the account is not known yet."""
    network = Canned(answer=lambda _: user_token(client_info=client_info(ADA, HOME), id_token=None))
    credential = code_credential(driver, network)
    credential.get_token(SCOPE)
    clock.advance(4000)
    credential.get_token(SCOPE)
    first, second = network.sent
    assert "X-AnchorMailbox" not in first.headers
    assert second.headers["X-AnchorMailbox"] == f"Oid:{ADA}@{HOME}"


@pytest.mark.parametrize("info", [None, client_info("ada@tenant.test", TENANT), client_info(ADA, "x\r\nInjected: 1")])
def test_only_ids_are_sent(driver: Driver, clock: Clock, info: str | None) -> None:
    """An account without IDs is not named, and a hostile reply adds no header."""
    network = Canned(answer=lambda _: user_token(client_info=info, id_token=None))
    credential = code_credential(driver, network)
    credential.get_token(SCOPE)
    clock.advance(4000)
    credential.get_token(SCOPE)
    assert not {"X-AnchorMailbox", "Injected"} & network.sent[1].headers.keys()


@pytest.mark.parametrize(
    "failure",
    [
        Reply("<html>", 502),
        Reply(b""),
        Reply({"error": "invalid_client"}, 401),
        Reply({"access_token": "t", "expires_in": "soon"}),
        refusal(correlation_id="not an ID"),
    ],
)
def test_an_error_names_the_request(driver: Driver, failure: Reply) -> None:
    """Also if the reply has no ID, or is not from the authority at all."""
    network = Canned(failure)
    with pytest.raises(EntraError) as caught:
        driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", retry_total=0).get_token(SCOPE)
    assert caught.value.correlation_id == id_of(network.sent[0])


def test_the_name_in_the_reply_is_preferred(driver: Driver) -> None:
    """It is the one that the authority's logs have."""
    network = Canned(refusal(correlation_id=HOME))
    with pytest.raises(EntraError) as caught:
        driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", retry_total=0).get_token(SCOPE)
    assert caught.value.correlation_id == HOME


@pytest.mark.parametrize("failure", [ServiceRequestError("refused"), ServiceResponseError("timed out")])
def test_a_request_without_a_reply_can_be_named(driver: Driver, failure: AzureError) -> None:
    """The error has the ID as an attribute and in its traceback, once even if a transport raises the same object."""
    network = Canned(answer=lambda _: failure)
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", retry_total=0)
    for call in range(2):
        with pytest.raises(type(failure)) as caught:
            credential.get_token(SCOPE)
        named: Any = caught.value
        assert named.correlation_id == id_of(network.sent[call])
        shown = "".join(traceback.format_exception(named))
        assert [id_of(sent) in shown for sent in network.sent] == [False, True][-call - 1 :]


def test_a_renewal_that_fails_beside_the_caller_is_named_in_the_log(
    driver: Driver, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets the current token and sees no error."""
    network = Canned(token("current"), ServiceResponseError("timed out"))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", retry_total=0)
    credential.get_token(SCOPE)
    clock.advance(3500)
    assert credential.get_token(SCOPE).token == "current"
    driver.settle()
    (line,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert id_of(network.sent[1]) in line


def test_a_success_is_named_in_the_log_of_azure_core(driver: Driver) -> None:
    """HttpLoggingPolicy shows the ID at INFO. The logs contain no address of a user, and not the account's header."""
    network = Canned(answer=lambda _: user_token(client_info=client_info(ADA, HOME)))
    with all_logs() as records:
        code_credential(driver, network).get_token(SCOPE)
    logged = lines_of(records.texts)
    assert id_of(network.sent[0]) in logged
    assert "ada@tenant.test" not in logged


def test_the_user_realm_is_asked_by_name(driver: Driver) -> None:
    """The request before a password is one to the authority too, and has no account in its headers."""
    network = Canned(Reply(status=404), user_token(id_token=jwt_of(aud=CLIENT, tid=TENANT, exp=4_000_000_000)))
    with pytest.warns(DeprecationWarning, match="UsernamePassword"):
        credential = driver.credential(
            "UsernamePasswordCredential", network, CLIENT, "ada@tenant.test", "pass", tenant_id=TENANT
        )
    credential.get_token(SCOPE)
    realm, redeemed = network.sent
    assert id_of(realm) != id_of(redeemed)
    assert "X-AnchorMailbox" not in {*realm.headers, *redeemed.headers}


def test_an_unanswered_request_of_a_site_keeps_its_name_when_pickled() -> None:
    """The error may cross a process."""
    error = AuthorityUnavailableError("No answer.", retry_after=5, was_sent=False)
    error.correlation_id = HOME
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.message, copied.retry_after, copied.was_sent, copied.correlation_id) == (
        "No answer.",
        5,
        False,
        HOME,
    )
