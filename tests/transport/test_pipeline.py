"""The pipelines that carry every request."""

import asyncio
import gc
import os
from typing import Any

import pytest
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

import webidentity.aio
from tests.kit.canned import Canned, Reply
from tests.kit.forks import in_a_fork
from webidentity._credentials.constructor import pipeline_options
from webidentity._transport.async_pipeline import AsyncPipeline, ThreadedPipeline
from webidentity._transport.pipeline import SyncPipeline
from webidentity.testing import LocalTenant, serve


def get() -> HttpRequest:
    """Return a request; policies change it, so each is sent once."""
    return HttpRequest("GET", "https://tenant.test/")


def test_nothing_is_opened_before_the_first_request() -> None:
    """A constructor is cheap: no session, no connection."""
    pipeline = SyncPipeline()
    assert pipeline._pipeline is None
    pipeline.close()


def test_closing_twice_is_once_and_a_request_opens_again() -> None:
    """The transport hears of each."""
    events: list[str] = []

    class Watched(RequestsTransport):
        def open(self) -> None:
            events.append("open")
            super().open()

        def __exit__(self, *args: object) -> None:
            events.append("close")

    network = Canned(Reply(), Reply())
    pipeline = SyncPipeline(transport=Watched(session=network._session()))
    assert pipeline.send(get()).status_code == 200
    pipeline.close()
    pipeline.close()
    assert events.count("close") == 1
    assert pipeline.send(get()).status_code == 200
    assert len(network.sent) == 2


def test_timeouts_are_set_unless_the_user_sets_them() -> None:
    """Nobody waits for minutes, and azure-core's keywords have the last word."""
    for options, expected in (({}, (10, 30)), ({"connection_timeout": 1, "read_timeout": 2}, (1, 2))):
        pipeline = SyncPipeline(**options)
        config = pipeline.open()._transport.connection_config
        assert (config.timeout, config.read_timeout) == expected
        assert config.verify is True
        pipeline.close()


def test_policies_replace_the_whole_list() -> None:
    """As in azure-identity."""
    network = Canned(Reply())
    pipeline = SyncPipeline(transport=network.transport(), policies=[])
    pipeline.send(get())
    assert "x-ms-client-request-id" not in network.sent[0].headers


def test_a_retry_policy_of_the_user_repeats_token_requests() -> None:
    """In a list of the user's own as well."""
    network = Canned(Reply(status=503), Reply())
    pipeline = SyncPipeline(transport=network.transport(), policies=[RetryPolicy(retry_backoff_factor=0)])
    assert pipeline.send(HttpRequest("POST", "https://tenant.test/")).status_code == 200


def test_hooks_and_headers_of_the_user_are_used() -> None:
    """azure-core's pipeline keywords work."""
    network, seen = Canned(Reply()), []
    pipeline = SyncPipeline(
        transport=network.transport(),
        user_agent="my-site",
        headers={"X-Site": "1"},
        raw_request_hook=lambda request: seen.append(request.http_request.url),
    )
    pipeline.send(get())
    assert network.sent[0].headers["X-Site"] == "1"
    assert network.sent[0].headers["User-Agent"].startswith("my-site azsdk-python-webidentity/")
    assert seen == ["https://tenant.test/"]


def test_one_async_credential_serves_event_loops_one_after_the_other() -> None:
    """Over real connections, with nothing closed in between, and without a warning about what was left open."""
    tenant = LocalTenant()
    app = tenant.add_app("service", secrets=["s3cret"])
    with serve(tenant):
        credential = webidentity.aio.ClientSecretCredential(
            tenant.tenant_id, app.client_id, "s3cret", authority=tenant.base_url
        )
        scopes = ["https://graph.microsoft.com/.default", f"{app.client_id}/.default"]
        tokens = [asyncio.run(credential.get_token(scope)).token for scope in scopes]
        asyncio.run(credential.close())
        gc.collect()
    assert len(set(tokens)) == 2


def test_closing_an_async_pipeline_twice_is_once_and_a_request_opens_again() -> None:
    """As for the sync one."""
    pipeline = AsyncPipeline()

    async def opened() -> Any:
        opened = await pipeline.open()
        assert await pipeline.open() is opened
        await pipeline.close()
        await pipeline.close()
        return opened

    assert asyncio.run(opened()) is not asyncio.run(opened())


def test_the_users_transport_serves_every_loop() -> None:
    """Its owner knows where it may be used."""
    network = Canned(Reply(), Reply())
    pipelines = AsyncPipeline(transport=network.aio_transport())

    async def send() -> int:
        return (await pipelines.send(get())).status_code  # type: ignore[no-any-return]

    assert [asyncio.run(send()) for _ in range(2)] == [200, 200]


def test_threads_send_for_coroutines_of_any_loop() -> None:
    """A new event loop for every view does not need new connections."""
    network = Canned(Reply(), Reply())
    threaded = ThreadedPipeline(SyncPipeline(transport=network.transport()))

    async def send() -> int:
        return (await threaded.send(get())).status_code  # type: ignore[no-any-return]

    assert [asyncio.run(send()) for _ in range(2)] == [200, 200]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_opens_connections_of_its_own() -> None:
    """On a shared one, either process might read the other's reply: somebody else's token."""
    pipeline = SyncPipeline()
    opened = pipeline.open()

    def child() -> bool:
        return pipeline.open() is not opened

    with pipeline._lock:
        assert in_a_fork(child)
    assert pipeline.open() is opened
    pipeline.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_starts_threads_of_its_own() -> None:
    """The parent's are not there to send anything."""
    network = Canned(Reply(), Reply())
    threaded = ThreadedPipeline(SyncPipeline(transport=network.transport()))

    async def send() -> int:
        return (await threaded.send(get())).status_code  # type: ignore[no-any-return]

    assert asyncio.run(send()) == 200
    assert in_a_fork(lambda: asyncio.run(send()) == 200)


def test_discovery_cannot_be_disabled_because_there_is_none() -> None:
    """The keyword of azure-identity is accepted and means nothing; the others go to azure-core."""
    assert pipeline_options({"disable_instance_discovery": True, "retry_total": 1}) == {"retry_total": 1}
