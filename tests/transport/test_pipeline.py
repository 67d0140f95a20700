"""The pipelines that carry all requests."""

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
    """Return a new request. Policies modify requests, so each is sent once."""
    return HttpRequest("GET", "https://tenant.test/")


def test_nothing_is_opened_before_the_first_request() -> None:
    """A constructor creates no session and no connection."""
    pipeline = SyncPipeline()
    assert pipeline._pipeline is None
    pipeline.close()


def test_a_second_close_does_nothing_and_a_request_reopens() -> None:
    """The transport is opened and closed once each time."""
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
    """azure-core's defaults of minutes are too long; its keywords have precedence."""
    for options, expected in (({}, (10, 30)), ({"connection_timeout": 1, "read_timeout": 2}, (1, 2))):
        pipeline = SyncPipeline(**options)
        config = pipeline.open()._transport.connection_config
        assert (config.timeout, config.read_timeout) == expected
        assert config.verify is True
        pipeline.close()


def test_policies_replace_the_whole_list() -> None:
    """The pipeline has exactly the caller's policies, as in azure-identity."""
    network = Canned(Reply())
    pipeline = SyncPipeline(transport=network.transport(), policies=[])
    pipeline.send(get())
    assert "x-ms-client-request-id" not in network.sent[0].headers


def test_a_retry_policy_of_the_user_retries_token_requests() -> None:
    """A retry policy in a list of policies works too."""
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
    assert network.sent[0].headers["User-Agent"].startswith("my-site webidentity/")
    assert seen == ["https://tenant.test/"]


def test_one_async_credential_works_on_consecutive_event_loops() -> None:
    """The credential uses real connections, is not closed in between, and causes no ResourceWarning."""
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


def test_an_async_pipeline_is_closed_once_and_reopened_by_a_request() -> None:
    """The async pipeline behaves as the sync pipeline."""
    pipeline = AsyncPipeline()

    async def opened() -> Any:
        opened = await pipeline.open()
        assert await pipeline.open() is opened
        await pipeline.close()
        await pipeline.close()
        return opened

    assert asyncio.run(opened()) is not asyncio.run(opened())


def test_a_transport_of_the_user_is_used_on_each_loop() -> None:
    """The user decides on which loops it may be used."""
    network = Canned(Reply(), Reply())
    pipelines = AsyncPipeline(transport=network.aio_transport())

    async def send() -> int:
        return (await pipelines.send(get())).status_code

    assert [asyncio.run(send()) for _ in range(2)] == [200, 200]


def test_a_threaded_pipeline_serves_coroutines_of_any_loop() -> None:
    """An event loop for each view does not need new connections."""
    network = Canned(Reply(), Reply())
    threaded = ThreadedPipeline(SyncPipeline(transport=network.transport()))

    async def send() -> int:
        return (await threaded.send(get())).status_code

    assert [asyncio.run(send()) for _ in range(2)] == [200, 200]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_opens_connections_of_its_own() -> None:
    """Two processes on one connection could read each other's replies."""
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
    """The threads of the parent process do not exist in the child."""
    network = Canned(Reply(), Reply())
    threaded = ThreadedPipeline(SyncPipeline(transport=network.transport()))

    async def send() -> int:
        return (await threaded.send(get())).status_code

    assert asyncio.run(send()) == 200
    assert in_a_fork(lambda: asyncio.run(send()) == 200)


def test_discovery_cannot_be_disabled_because_there_is_none() -> None:
    """azure-identity's keyword is accepted and ignored; the others are passed to azure-core."""
    assert pipeline_options({"disable_instance_discovery": True, "retry_total": 1}) == {"retry_total": 1}
