"""Azure SDK clients accept the credentials: azure-core's policies and protocols."""

import asyncio
import base64
from typing import Any

import azure.identity
import azure.identity.aio
import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo, SupportsTokenInfo, TokenCredential
from azure.core.credentials_async import AsyncSupportsTokenInfo, AsyncTokenCredential
from azure.core.pipeline import AsyncPipeline, Pipeline
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest

from tests.kit.canned import Canned, Reply
from tests.kit.credential_sites import CREDENTIALS, WebAppAndApi
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import CLIENT, TENANT, token

CHALLENGE = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'


def call_resource(driver: Driver, credential: Credential, resource: Canned, *scopes: str, **options: Any) -> int:
    """Send a request through the pipeline that an Azure SDK client would build, and return the status."""
    request = HttpRequest("GET", "https://resource.test/things")
    if driver.name == "sync":
        policy = BearerTokenCredentialPolicy(credential.raw, *scopes, **options)
        with Pipeline(resource.transport(), policies=[policy]) as pipeline:
            return pipeline.run(request).http_response.status_code

    async def call() -> int:
        policy = AsyncBearerTokenCredentialPolicy(credential.raw, *scopes, **options)
        async with AsyncPipeline(resource.aio_transport(), policies=[policy]) as pipeline:
            return (await pipeline.run(request)).http_response.status_code

    return driver.together([call])[0]


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_client_sends_the_token_of_each_credential(driver: Driver, name: str) -> None:
    """The request carries the token, with the local tenant and azure-core's own policy."""
    site, resource = WebAppAndApi(), Canned(Reply(), Reply())
    credential, scope = site.credential(name, driver), site.scope_for(name)
    for _ in range(2):
        assert call_resource(driver, credential, resource, scope) == 200
    expected = f"Bearer {credential.get_token(scope).token}"
    assert [sent.headers["Authorization"] for sent in resource.sent] == [expected] * 2


def test_claims_challenge_is_answered_with_a_new_token(driver: Driver) -> None:
    """A token with the claims is requested after a resource refuses one, and replaces it in the cache."""
    encoded = base64.b64encode(CHALLENGE.encode()).decode()
    header = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    resource = Canned(Reply("", 401, {"WWW-Authenticate": header}), Reply())
    network = Canned(token("refused"), token("accepted"))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret")
    assert call_resource(driver, credential, resource, "s/.default", enable_cae=True) == 200
    assert [sent.headers["Authorization"] for sent in resource.sent] == ["Bearer refused", "Bearer accepted"]
    assert '"1700000000"' in network.forms[1]["claims"]
    assert "CP1" in network.forms[0]["claims"]
    assert "CP1" in network.forms[1]["claims"]
    assert credential.get_token("s/.default", enable_cae=True).token == "accepted"


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_protocols_of_azure_core_match(driver: Driver, name: str) -> None:
    """``isinstance`` is true for the protocols, which libraries check."""
    raw = WebAppAndApi().credential(name, driver).raw
    expected = {"sync": (TokenCredential, SupportsTokenInfo), "aio": (AsyncTokenCredential, AsyncSupportsTokenInfo)}
    assert all(isinstance(raw, protocol) for protocol in expected[driver.name])


@pytest.mark.parametrize("name", CREDENTIALS)
def test_both_calls_return_the_types_of_azure_core(driver: Driver, name: str) -> None:
    """An AccessToken is a tuple of two. An AccessTokenInfo says when to refresh."""
    site = WebAppAndApi(refresh_in=1200)
    credential, scope = site.credential(name, driver), site.scope_for(name)
    access, info = credential.get_token(scope), credential.get_token_info(scope)
    assert isinstance(access, AccessToken)
    assert isinstance(info, AccessTokenInfo)
    value, expires_on = access
    assert (value, expires_on) == (info.token, info.expires_on)
    assert info.token_type == "Bearer"
    assert info.refresh_on is not None
    assert info.refresh_on < info.expires_on


def test_bearer_token_providers_of_azure_identity_work_with_them(driver: Driver) -> None:
    """azure-identity's function accepts our credentials."""
    network = Canned(token("provided"))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret")
    if driver.name == "sync":
        assert azure.identity.get_bearer_token_provider(credential.raw, "s/.default")() == "provided"
    else:
        provider = azure.identity.aio.get_bearer_token_provider(credential.raw, "s/.default")
        assert driver.together([provider]) == ["provided"]


def test_a_credential_is_a_context_manager_that_can_be_used_again(driver: Driver) -> None:
    """Leaving it closes the transport; a later request opens the transport again."""
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"))
    raw = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret").raw
    if driver.name == "sync":
        with raw as entered:
            assert entered is raw
            assert raw.get_token("a").token == "token-1"
        raw.close()
        return

    async def use() -> str:
        async with raw as entered:
            assert entered is raw
            value: str = (await raw.get_token("a")).token
        await raw.close()
        await asyncio.sleep(0)
        return value

    assert driver.together([use]) == ["token-1"]
