"""The behaviour that all credentials share."""

from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.policies import HeadersPolicy

from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.credential_kinds import KINDS, Maker, entra, token_requests
from tests.kit.drivers import Driver
from tests.kit.replies import OTHER_TENANT, SCOPE, user_token

pytestmark = pytest.mark.parametrize("name", sorted(KINDS))
CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'
CALLERS = 64


def test_options_and_keywords_are_equivalent(make: Maker, name: str) -> None:
    """Those of get_token_info and get_token; both ignore unknown ones."""
    options = {"claims": CLAIMS, "tenant_id": OTHER_TENANT, "enable_cae": True}
    forms = []
    for info in (False, True):
        network = entra()
        credential = make(name, network, additionally_allowed_tenants=["*"])
        if info:
            credential.get_token_info(SCOPE, options={**options, "unknown": 1})
        else:
            credential.get_token(SCOPE, **options, unknown=1)
        (sent,) = token_requests(network)
        assert OTHER_TENANT in sent.url
        assert "CP1" in sent.form["claims"]
        assert "nbf" in sent.form["claims"]
        forms.append({key: value for key, value in sent.form.items() if key != "client_assertion"})
    assert forms[0] == forms[1]


def test_calls_do_not_affect_each_other(make: Maker, name: str) -> None:
    """CAE and claims of one call do not apply to the next."""
    network = entra(lambda sent: user_token(f"{sent.form.get('claims')}", refresh_token="refresh-token"))
    credential = make(name, network)
    assert credential.get_token(SCOPE).token == "None"
    assert "CP1" in credential.get_token(SCOPE, enable_cae=True).token
    assert credential.get_token(SCOPE).token == "None"
    assert "nbf" in credential.get_token(SCOPE, claims=CLAIMS).token
    assert "nbf" in credential.get_token(SCOPE).token
    assert "nbf" not in credential.get_token(SCOPE, enable_cae=True).token
    assert len(token_requests(network)) == 3


def test_policies_replace_the_whole_pipeline(make: Maker, name: str) -> None:
    """The credential adds no policy of its own, as in azure-identity."""
    network = entra()
    make(name, network, policies=[HeadersPolicy({"X-Mine": "1"})]).get_token(SCOPE)
    for sent in network.sent:
        assert sent.headers["X-Mine"] == "1"
        assert "x-ms-client-request-id" not in sent.headers


def test_pipeline_keywords_have_the_effect_of_azure_core(make: Maker, name: str) -> None:
    """Hooks, headers, proxies and timeouts."""
    network, requests, responses = entra(), [], []
    make(
        name,
        network,
        raw_request_hook=lambda request: requests.append(request.http_request.url),
        raw_response_hook=lambda response: responses.append(response.http_response.status_code),
        headers={"X-Mine": "1"},
        user_agent="mine",
        proxies={"https": "http://proxy.test:8080"},
        connection_timeout=3,
        read_timeout=4,
        connection_verify=True,
    ).get_token(SCOPE)
    assert requests == [sent.url for sent in network.sent]
    assert set(responses) == {200}
    assert {sent.headers["X-Mine"] for sent in network.sent} == {"1"}
    assert all(sent.headers["User-Agent"].startswith("mine webidentity/") for sent in network.sent)


def test_token_requests_are_retried_three_times(make: Maker, name: str) -> None:
    """A busy authority receives four requests; then its response is raised."""
    network = entra(lambda _: Reply({"error": "temporarily_unavailable"}, 503))
    credential = make(name, network, retry_total=3, retry_backoff_factor=0)
    with pytest.raises(HttpResponseError) as caught:
        credential.get_token(SCOPE)
    assert caught.value.status_code == 503
    assert [sent.method for sent in token_requests(network)] == ["POST"] * 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(make: Maker, name: str, status: int) -> None:
    """A forged Location must not receive the secrets of the request."""
    network = entra(lambda _: Reply("", status, {"Location": "https://evil.test/token"}))
    with pytest.raises(ClientAuthenticationError):
        make(name, network).get_token(SCOPE)
    assert not [sent for sent in network.sent if "evil" in sent.url]


def test_a_constructor_opens_nothing_and_a_transport_is_closed_once(make: Maker, name: str) -> None:
    """Closing twice is allowed. A transport that the caller passed stays closed."""
    events: list[str] = []
    network = entra()
    watched = _Watched(network, events)
    credential = make(name, watched)
    assert events == []
    credential.get_token(SCOPE)
    credential.get_token(SCOPE)
    assert events == ["open"]
    credential.close()
    credential.close()
    assert events == ["open", "close"]
    assert credential.get_token(SCOPE).token == "token-1"
    with pytest.raises(ValueError, match="already been closed"):
        credential.get_token(SCOPE, claims=CLAIMS)


class _Watched:
    """Transports that record when they are opened and closed."""

    def __init__(self, network: Canned, events: list[str]) -> None:
        self._network, self._events = network, events

    def transport(self) -> Any:
        return self._watch(self._network.transport(), "__enter__", "__exit__")

    def aio_transport(self) -> Any:
        return self._watch(self._network.aio_transport(), "__aenter__", "__aexit__")

    def _watch(self, transport: Any, enter: str, leave: str) -> Any:
        for method, event in ((enter, "open"), (leave, "close")):
            setattr(transport, method, partial(self._tell, event, getattr(transport, method)))
        return transport

    def _tell(self, event: str, method: Any, *args: Any) -> Any:
        self._events.append(event)
        return method(*args)


@pytest.mark.parametrize("state", ["empty", "expired", "refresh window"])
def test_64_callers_cause_one_request(make: Maker, driver: Driver, clock: Clock, name: str, state: str) -> None:
    """Threads or tasks, with an empty cache, an expired token, or one in the refresh window."""
    network = entra(latency=0.02)
    credential = make(name, network, retry_total=0)
    if state != "empty":
        credential.get_token(SCOPE)
        network.sent.clear()
        clock.advance(3601 if state == "expired" else 3600 - 100)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * CALLERS)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    driver.settle()
    assert len(token_requests(network)) == 1
    assert len({outcome.token for outcome in outcomes}) == 1
