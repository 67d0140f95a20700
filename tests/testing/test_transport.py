"""The azure-core transports, synchronous and asynchronous."""

from __future__ import annotations

import inspect
import io

import pytest
from azure.core import AsyncPipelineClient, PipelineClient
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.pipeline import AsyncPipeline, Pipeline
from azure.core.pipeline.policies import AsyncRetryPolicy, ContentDecodePolicy, RetryPolicy
from azure.core.pipeline.transport import HttpRequest as LegacyHttpRequest
from azure.core.rest import AsyncHttpResponse, HttpRequest, HttpResponse


async def settled(value):
    return await value if inspect.isawaitable(value) else value


@pytest.fixture(params=["sync", "aio"])
def kind(request):
    return request.param


@pytest.fixture
def transport(scene, kind):
    return scene.tenant.transport() if kind == "sync" else scene.tenant.aio_transport()


@pytest.fixture
def token_request(scene):
    data = {
        "grant_type": "client_credentials",
        "client_id": scene.web.client_id,
        "client_secret": "web-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    return HttpRequest("POST", f"{scene.tenant.tenant_url}/oauth2/v2.0/token", data=data)


@pytest.mark.asyncio
async def test_a_form_is_encoded_and_recorded(scene, kind, transport, token_request):
    response = await settled(transport.send(token_request))
    assert isinstance(response, HttpResponse if kind == "sync" else AsyncHttpResponse)
    assert response.status_code == 200
    assert response.reason == "OK"
    assert response.content_type == response.headers["content-TYPE"] == "application/json; charset=utf-8"
    assert await settled(response.read()) == response.content
    assert response.json()["token_type"] == "Bearer"
    assert '"Bearer"' in response.text()
    assert response.request is token_request
    assert response.url == token_request.url
    assert response.is_closed
    assert response.is_stream_consumed
    response.raise_for_status()
    (recorded,) = transport.requests
    assert (recorded.method, recorded.path) == ("POST", f"/{scene.tenant.tenant_id}/oauth2/v2.0/token")
    assert recorded.query == {}
    assert recorded.form["scope"] == "https://graph.microsoft.com/.default"
    assert recorded.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.asyncio
async def test_through_a_pipeline(scene, kind, transport, token_request):
    if kind == "sync":
        with Pipeline(transport, [RetryPolicy(), ContentDecodePolicy()]) as pipeline:
            result = pipeline.run(token_request)
    else:
        async with AsyncPipeline(transport, [AsyncRetryPolicy(), ContentDecodePolicy()]) as pipeline:
            result = await pipeline.run(token_request)
    assert ContentDecodePolicy.deserialize_from_http_generics(result.http_response)["token_type"] == "Bearer"
    assert (transport.opened, transport.closed) == (1, 1)


@pytest.mark.asyncio
async def test_through_a_pipeline_client_and_as_a_stream(scene, kind, transport):
    request = HttpRequest("GET", f"{scene.tenant.tenant_url}/discovery/v2.0/keys")
    if kind == "sync":
        with PipelineClient(scene.tenant.base_url, transport=transport) as client:
            response = client.send_request(request, stream=True)
            body = b"".join(response.iter_bytes())
    else:
        async with AsyncPipelineClient(scene.tenant.base_url, transport=transport) as client:
            response = await client.send_request(request, stream=True)
            body = b"".join([part async for part in response.iter_bytes()])
    assert b'"kty"' in body


@pytest.mark.asyncio
async def test_the_older_request(scene, transport, token_request):
    request = LegacyHttpRequest("POST", token_request.url, data=dict(token_request.content or token_request._data))
    response = await settled(transport.send(request))
    assert response.status_code == 200
    assert b"access_token" in response.body()


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b"grant_type=x", "grant_type=x"])
async def test_encoded_bodies_are_sent_unchanged(scene, transport, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{scene.tenant.tenant_url}/oauth2/v2.0/token"
    response = await settled(transport.send(HttpRequest("POST", url, headers=headers, content=body)))
    assert response.json()["error_codes"] == [70003]
    with pytest.raises(HttpResponseError):
        response.raise_for_status()


@pytest.mark.asyncio
async def test_parameters_with_the_value_none_are_not_sent(scene, transport, token_request):
    data = {"grant_type": "x", "scope": None}
    await settled(transport.send(LegacyHttpRequest("POST", token_request.url, data=data)))
    assert transport.requests[0].form == {"grant_type": "x"}


@pytest.mark.asyncio
async def test_another_host_is_not_reached(transport):
    for url in ("https://login.microsoftonline.com/common/oauth2/v2.0/token", "http://login.tenant.test/"):
        with pytest.raises(ServiceRequestError, match=r"reaches https://login\.tenant\.test only"):
            await settled(transport.send(HttpRequest("GET", url)))
    assert len(transport.requests) == 2


@pytest.mark.asyncio
async def test_instance_discovery_at_the_public_cloud_is_answered(scene, transport):
    url = (
        "https://login.microsoftonline.com/common/discovery/instance?api-version=1.0"
        f"&authorization_endpoint={scene.tenant.base_url}/common/oauth2/authorize"
    )
    assert (await settled(transport.send(HttpRequest("GET", url)))).status_code == 200


@pytest.mark.asyncio
async def test_sleeping_takes_no_time(transport):
    await settled(transport.sleep(3600))
    assert transport.slept == [3600]


@pytest.mark.asyncio
async def test_as_a_context_manager(kind, transport):
    if kind == "sync":
        with transport as entered:
            assert entered is transport
    else:
        async with transport as entered:
            assert entered is transport
    assert (transport.opened, transport.closed) == (1, 1)


@pytest.mark.asyncio
async def test_reprs_show_no_secret(scene, transport, token_request):
    response = await settled(transport.send(token_request))
    shown = repr(transport.requests) + repr(response) + repr(scene.tenant)
    assert "secret" not in shown
    assert response.json()["access_token"] not in shown


@pytest.mark.asyncio
@pytest.mark.parametrize("content", [io.BytesIO(b"grant_type=x"), io.StringIO("grant_type=x"), [b"grant_", "type=x"]])
async def test_streamed_bodies(scene, transport, content):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{scene.tenant.tenant_url}/oauth2/v2.0/token"
    if hasattr(content, "seek"):
        content.seek(0)
    await settled(transport.send(LegacyHttpRequest("POST", url, headers=headers, data=content)))
    assert transport.requests[0].body == b"grant_type=x"


@pytest.mark.asyncio
async def test_multipart_bodies_are_refused(scene, transport):
    request = HttpRequest("POST", scene.tenant.base_url, files={"f": b"x"})
    with pytest.raises(ServiceRequestError, match="does not support multipart"):
        await settled(transport.send(request))


@pytest.mark.asyncio
async def test_every_way_to_read_a_response(scene, kind, transport):
    url = f"{scene.tenant.tenant_url}/discovery/v2.0/keys"
    response = await settled(transport.send(HttpRequest("GET", url)))
    if kind == "sync":
        with response as entered:
            bodies = [b"".join(parts) for parts in (entered.iter_raw(), entered.stream_download())]
    else:
        async with response as entered:
            bodies = [
                b"".join([part async for part in parts]) for parts in (entered.iter_raw(), entered.stream_download())
            ]
            await entered.load_body()
    assert bodies == [response.content, response.content]
    response.encoding = "latin-1"
    assert response.text() == response.content.decode("latin-1")
