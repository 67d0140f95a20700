"""A code, refresh token or assertion that the authority may have received is not sent again."""

from typing import Any

import pytest
import requests
from azure.core.exceptions import ServiceResponseError
from urllib3.exceptions import ProtocolError

from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, TENANT, token, user_token

RETRIES = {"client_secret": "s3cret", "retry_total": 3, "retry_backoff_factor": 0}
#: What is raised when a reply is lost.
LOST = [
    pytest.param(requests.exceptions.ReadTimeout(), id="timeout"),
    pytest.param(requests.exceptions.ConnectionError(ProtocolError("aborted")), id="reset"),
]


def code_credential(driver: Driver, network: Canned) -> Any:
    return driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "https://app.test/callback", **RETRIES
    )


@pytest.mark.parametrize("trouble", LOST)
def test_a_refresh_token(driver: Driver, clock: Clock, trouble: Exception) -> None:
    """An authority may accept it once only, and end the user's sign-in when it comes twice."""
    network = Canned(user_token("first"), trouble, user_token("second"))
    credential = code_credential(driver, network)
    credential.get_token("a")
    clock.advance(4000)
    with pytest.raises(ServiceResponseError):
        credential.get_token("a")
    assert len(network.sent) == 2
    # A later call has nothing but this refresh token.
    assert credential.get_token("a").token == "second"


@pytest.mark.parametrize("trouble", LOST)
def test_an_assertion(driver: Driver, trouble: Exception) -> None:
    """The access token of the user. The API asks for another one on behalf of that user."""
    network = Canned(trouble, token("first"))
    credential = driver.credential("OnBehalfOfCredential", network, TENANT, CLIENT, user_assertion="jwt", **RETRIES)
    with pytest.raises(ServiceResponseError):
        credential.get_token("a")
    assert len(network.sent) == 1
    assert credential.get_token("a").token == "first"


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(requests.exceptions.ConnectTimeout(), id="not sent"), pytest.param(Reply({}, 503), id="answered")],
)
def test_it_is_repeated_if_it_was_not_sent_or_was_answered(driver: Driver, clock: Clock, trouble: Any) -> None:
    """Then the authority has not used it up."""
    network = Canned(user_token("first"), trouble, user_token("second"))
    credential = code_credential(driver, network)
    credential.get_token("a")
    clock.advance(4000)
    assert credential.get_token("a").token == "second"


@pytest.mark.parametrize("trouble", LOST)
def test_a_request_with_only_the_secret_is_repeated(driver: Driver, trouble: Exception) -> None:
    """Nothing is used up by it."""
    network = Canned(trouble, token("first"))
    options = {"retry_total": 3, "retry_backoff_factor": 0}
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", **options)
    assert credential.get_token("a/.default").token == "first"
