"""get_bearer_token_provider, async."""

from collections.abc import Callable, Coroutine
from typing import Any

from azure.core.credentials_async import AsyncTokenProvider
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import HttpRequest


def get_bearer_token_provider(credential: AsyncTokenProvider, *scopes: str) -> Callable[[], Coroutine[Any, Any, str]]:
    """Return a coroutine function that returns an access token, for clients that accept no credential.

    The function caches the token until it has to be refreshed, with any kind of credential.

    :param credential: any credential that async Azure SDK clients accept.
    :param str scopes: the scopes of the token.
    """
    policy: AsyncBearerTokenCredentialPolicy[Any, Any] = AsyncBearerTokenCredentialPolicy(credential, *scopes)

    async def provide() -> str:
        request: PipelineRequest[Any] = PipelineRequest(HttpRequest("GET", "https://localhost"), PipelineContext(None))
        await policy.on_request(request)
        header: str = request.http_request.headers["Authorization"]
        return header.removeprefix("Bearer ")

    return provide
