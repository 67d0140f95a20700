"""ManagedIdentityCredential and IMDS: retries, and how its absence is detected."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import AsyncRetryPolicy, HeadersPolicy, RetryPolicy
from azure.core.pipeline.transport import AioHttpTransport, AsyncioRequestsTransport

import webidentity
from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.on_hosts import SCOPE, PutOn, credential
from tests.kit.replies import CLIENT, token
from webidentity._flows.token_call import IN_CHAIN

USUAL = [0.0, 1.6, 3.2, 6.4, 12.8]
WHILE_UPDATED = [0.0, 5.0, 10.0, 20.0, 40.0]
PASSING = [404, 410, 429, 500, 502, 503, 504, 599]
REFUSED = {"error": "e", "error_description": "d"}
Unavailable = webidentity.CredentialUnavailableError


@pytest.fixture
def in_a_chain() -> Iterator[None]:
    """Mark the calls as those of a chain."""
    before = IN_CHAIN.set(True)
    yield
    IN_CHAIN.reset(before)


@pytest.mark.parametrize("status", PASSING)
def test_transient_failures_are_retried(driver: Driver, naps: list[float], status: int) -> None:
    """Five times with growing pauses; for 410, up to 70 seconds in total."""
    network = Canned(*[Reply(REFUSED, status)] * 5, token("late", expires_in=3600))
    assert credential(driver, network).get_token(SCOPE).token == "late"
    assert naps == pytest.approx(WHILE_UPDATED if status == 410 else USUAL)
    assert sum(naps) >= (70 if status == 410 else 20)
    assert {sent.headers["Metadata"] for sent in network.sent} == {"true"}


@pytest.mark.parametrize("status", [410, 500])
def test_six_failures_are_an_error(driver: Driver, naps: list[float], status: int) -> None:
    """The error has the message of the host, and the next call tries again."""
    network = Canned(*[Reply({"error": "gone", "error_description": "updating"}, status)] * 6, token("t"))
    used = credential(driver, network)
    with pytest.raises(webidentity.EntraError, match="updating") as caught:
        used.get_token(SCOPE)
    assert not isinstance(caught.value, Unavailable)
    assert caught.value.status_code == status
    assert len(naps) == 5
    assert used.get_token(SCOPE).token == "t"


@pytest.mark.parametrize("status", [400, 401, 403, 405, 302])
def test_permanent_failures_are_not_retried(driver: Driver, naps: list[float], status: int) -> None:
    """The host understood the request and refused it."""
    network = Canned(Reply(REFUSED, status))
    with pytest.raises(ClientAuthenticationError) as caught:
        credential(driver, network).get_token(SCOPE)
    assert isinstance(caught.value, Unavailable) == (status == 400)
    assert naps == []


def test_different_failures_have_different_pauses(driver: Driver, naps: list[float]) -> None:
    """Each kind of failure has its own schedule."""
    failures = [Reply(REFUSED, 500), Reply(REFUSED, 410), ServiceRequestError("x"), Reply(REFUSED, 404)]
    assert credential(driver, Canned(*failures, token("t"))).get_token(SCOPE).token == "t"
    assert naps == pytest.approx([0.0, 5.0, 3.2, 6.4])


@pytest.mark.parametrize("error", [ServiceRequestError("no route"), ServiceResponseError("reset")])
def test_no_connection_makes_it_unavailable(driver: Driver, naps: list[float], error: Exception) -> None:
    """The error comes after four attempts and says what to do; the next call tries again."""
    network = Canned(*[error] * 4, token("t"))
    used = credential(driver, network)
    with pytest.raises(
        Unavailable, match=r"no response from the IMDS endpoint\. No managed identity endpoint was found"
    ):
        used.get_token(SCOPE)
    assert naps == pytest.approx(USUAL[:3])
    assert used.get_token(SCOPE).token == "t"


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("7", 7.0), ("0", 0.0), ("3600", 60.0), ("nonsense", 0.0), ("-5", 0.0)],
)
def test_retry_after_is_respected(driver: Driver, naps: list[float], asked: str, pause: float) -> None:
    """Up to a limit."""
    network = Canned(Reply(REFUSED, 429, {"Retry-After": asked}), token("t"))
    assert credential(driver, network).get_token(SCOPE).token == "t"
    assert naps == pytest.approx([pause])


@pytest.mark.parametrize(
    ("options", "status", "pauses"),
    [
        ({"retry_total": 0}, 410, []),
        ({"retry_total": 2}, 410, [0.0, 5.0]),
        ({"retry_backoff_factor": 0.1}, 500, [0.0, 0.2, 0.4, 0.8, 1.6]),
        ({"retry_backoff_factor": 0.1}, 410, [0.0, 0.2, 0.4, 0.8, 1.6]),
        ({"retry_backoff_max": 6}, 410, [0.0, 5.0, 6.0, 6.0, 6.0]),
        ({"retry_on_status_codes": [418]}, 418, USUAL),
        ({"retry_policy": None}, 500, USUAL),
    ],
)
def test_retry_keywords_are_respected(
    driver: Driver, naps: list[float], options: dict[str, Any], status: int, pauses: list[float]
) -> None:
    """Under azure-core's names."""
    network = Canned(*[Reply(REFUSED, status)] * (len(pauses) + 1))
    with pytest.raises(webidentity.EntraError):
        credential(driver, network, **options).get_token(SCOPE)
    assert naps == pytest.approx(pauses)


def test_retry_connect_limits_connection_attempts(driver: Driver, naps: list[float]) -> None:
    """It counts retries of failed connections."""
    with pytest.raises(Unavailable):
        credential(driver, Canned(ServiceRequestError("x")), retry_connect=0).get_token(SCOPE)
    assert naps == []


def test_custom_policies_do_their_own_retries(driver: Driver, naps: list[float]) -> None:
    """The flow adds none."""
    policy = AsyncRetryPolicy if driver.name == "aio" else RetryPolicy
    own = policy(retry_total=1, retry_backoff_factor=0)
    for options in ({"retry_policy": own}, {"policies": [own]}, {"policies": [HeadersPolicy({"X": "1"})]}):
        network = Canned(answer=lambda _: Reply(REFUSED, 503))
        with pytest.raises(webidentity.EntraError):
            credential(driver, network, **options).get_token(SCOPE)
        assert len(network.sent) == (1 if "X" in network.sent[0].headers else 2)
        assert network.sent[0].headers["Metadata"] == "true"
    assert naps == []


def test_a_valid_token_is_served_after_one_failed_refresh(driver: Driver, clock: Clock, naps: list[float]) -> None:
    """The caller does not wait for 75 seconds while the current token is valid."""
    answers: list[Reply] = [token("old", expires_in=3600), Reply(REFUSED, 410), token("new", expires_in=3600)]
    used = credential(driver, Canned(*answers))
    assert used.get_token(SCOPE).token == "old"
    clock.advance(3400)
    assert used.get_token(SCOPE).token == "old"
    driver.settle()
    assert naps == []
    clock.advance(31)
    assert used.get_token(SCOPE).token == "old"
    driver.settle()
    assert used.get_token(SCOPE).token == "new"


def test_a_refresh_after_a_claims_challenge_is_retried(driver: Driver, naps: list[float]) -> None:
    """The cached token was refused, so there is nothing else to serve."""
    used = credential(driver, Canned(token("old", expires_in=3600), Reply(REFUSED, 500), token("new")))
    assert used.get_token(SCOPE).token == "old"
    assert used.get_token(SCOPE, claims="{}").token == "new"
    assert naps == [0.0]


@pytest.mark.parametrize("answer", [Reply(REFUSED, 400), Reply("<html>", 200), Reply("", 404), Reply(REFUSED, 500)])
def test_a_chain_probes_the_host(driver: Driver, in_a_chain: None, answer: Reply) -> None:
    """The chain sends one probe without the header, and accepts any response."""
    network = Canned(answer, token("first"), token("second"))
    used = credential(driver, network, client_id=CLIENT)
    assert used.get_token(SCOPE).token == "first"
    assert used.get_token(SCOPE, claims="{}").token == "second"
    assert ["Metadata" in sent.headers for sent in network.sent] == [False, True, True]
    assert network.sent[0].url == network.sent[1].url


def test_a_failed_probe_is_not_retried(driver: Driver, in_a_chain: None, naps: list[float]) -> None:
    """The chain has other members. The next call probes again."""
    network = Canned(ServiceRequestError("x"), ServiceRequestError("x"), Reply({}, 400), token("t"))
    used = credential(driver, network)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"No managed identity endpoint was found.*Outside of Azure"):
            used.get_token(SCOPE)
    assert used.get_token(SCOPE).token == "t"
    assert naps == []


def test_docker_desktops_proxy_is_not_a_host(driver: Driver, in_a_chain: None) -> None:
    """It answers 403 for unreachable addresses. Any other 403 is a response of a host."""
    with pytest.raises(Unavailable, match="unreachable"):
        credential(driver, Canned(Reply("the network is unreachable", 403))).get_token(SCOPE)
    assert credential(driver, Canned(Reply({}, 403), token("t"))).get_token(SCOPE).token == "t"


def test_without_a_chain_there_is_no_probe(driver: Driver) -> None:
    """The first request is the token request."""
    network = Canned(token("t"))
    credential(driver, network).get_token(SCOPE)
    assert network.sent[0].headers["Metadata"] == "true"


def test_a_host_named_by_the_environment_is_not_probed(driver: Driver, in_a_chain: None, azure_host: PutOn) -> None:
    """The credential sends only the token request, as in azure-identity."""
    host = azure_host("imds")
    used = credential(driver)
    used.get_token(SCOPE)
    assert len(host.requests) == 1
    used.close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listening:
        place = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setattr("webidentity._flows.managed_identity.imds.ADDRESS", place)
        yield


@pytest.mark.parametrize(
    "transport", [None, AsyncioRequestsTransport, AioHttpTransport], ids=["own", "requests", "aiohttp"]
)
def test_the_probe_of_a_silent_host_fails_fast(driver: Driver, in_a_chain: None, silent: None, transport: Any) -> None:
    """The probe ends after about a second with each transport."""
    used = credential(driver, _Users(transport) if transport else None)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="No managed identity endpoint was found"):
        used.get_token(SCOPE)
    # Far below the default timeouts of the transports, and enough for a busy machine.
    assert 0.5 < time.monotonic() - began < 30
    used.close()


class _Users:
    """A transport that the caller passes; the sync driver has its own."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def transport(self) -> None: ...

    def aio_transport(self) -> Any:
        return self._kind()


def test_a_host_that_recovers(driver: Driver, azure_host: PutOn, naps: list[float]) -> None:
    """The credential gets a token over real sockets after the host has recovered."""
    host = azure_host("imds")
    host.fail(410, times=2)
    host.fail(429, retry_after=4)
    used = credential(driver)
    assert used.get_token(SCOPE).token
    assert naps == pytest.approx([0.0, 5.0, 4.0])
    assert len(host.requests) == 4
    used.close()


def test_the_connection_timeout_is_short() -> None:
    """Two seconds by default."""
    seen: list[Any] = []

    class Watching(Canned):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs["timeout"])
            return super().send(request, *args, **kwargs)

    def reply(_: Sent) -> Reply:
        return token("t")

    for options in ({}, {"connection_timeout": 7}):
        made = webidentity.ManagedIdentityCredential(transport=Watching(answer=reply).transport(), **options)
        made.get_token(SCOPE)
    assert [timeout[0] for timeout in seen] == [2, 7]
