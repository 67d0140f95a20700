"""When a failed request may succeed."""

import socket
import time
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from tests.kit.clock import Clock
from webidentity.errors import AuthorityUnavailableError, EntraError
from webidentity.web._outages import describe_outage, retry_after_of


class Response:
    """A response of the authority."""

    def __init__(self, status_code: int, **headers: str) -> None:
        self.status_code = status_code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refused(response: Any) -> EntraError:
    error = EntraError("refused")
    error.response = response
    return error


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (None, None),
        (Response(400), None),
        (Response(401, Retry_After="5"), None),
        (Response(428), None),
        (Response(430), None),
        (Response(499), None),
        (Response(429), 5),
        (Response(500), 5),
        (Response(503, Retry_After="30"), 30),
        (Response(429, Retry_After="0"), 1),
        (Response(503, Retry_After="100000"), 600),
        (Response(503, Retry_After="soon"), 5),
    ],
)
def test_the_authority_says_when_to_try_again(response: Any, seconds: int | None) -> None:
    """None if waiting does not help. At least one second, at most ten minutes."""
    assert retry_after_of(refused(response)) == seconds


def test_a_date_is_understood(clock: Clock) -> None:
    """RFC 9110 section 10.2.3."""
    clock.stop()
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(clock() + 61))
    assert retry_after_of(refused(Response(503, Retry_After=date))) in (60, 61)


def test_an_outage_of_the_network_is_worth_another_try() -> None:
    """A wrong configuration is not."""
    assert retry_after_of(AuthorityUnavailableError("down", retry_after=7)) == 7
    assert retry_after_of(ServiceRequestError("reset")) == 5
    assert retry_after_of(ClientAuthenticationError("no certificate")) is None


def test_the_log_names_the_authority() -> None:
    """By its host, and not by the text of an error that may quote the request."""
    described = describe_outage(ServiceRequestError("https://x.test/?secret=abc"), "https://login.test/path")
    assert "login.test" in described
    assert "secret" not in described
    assert describe_outage(EntraError("AADSTS90033: wait"), "https://login.test") == "AADSTS90033: wait"


def test_a_test_that_forgot_the_transport_is_told() -> None:
    """The host of a local tenant in the process of the test has no address."""
    error = ServiceRequestError("no address", error=socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    text = describe_outage(error, "https://login.tenant.test").partition(". ")[0]
    later = AuthorityUnavailableError(text, retry_after=5)
    advice = "pass transport=local_tenant.transport()"
    assert describe_outage(error, "https://login.tenant.test").endswith(
        f". It is a local tenant inside a test: {advice}"
    )
    assert describe_outage(later, "https://login.tenant.test").endswith(advice)
    assert advice not in describe_outage(ServiceRequestError("refused"), "https://login.tenant.test")
    assert advice not in describe_outage(error, "https://login.test")
    assert advice not in describe_outage(error, "https://login.tenant.test.example")
