"""get_bearer_token_provider."""

from collections.abc import Callable
from typing import Any

from azure.core.credentials import TokenProvider
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest


def get_bearer_token_provider(credential: TokenProvider, *scopes: str) -> Callable[[], str]:
    """Return a callable that returns an access token, for clients that accept no credential, such as OpenAI's.

    The callable caches the token until it has to be refreshed, with any kind of credential.

    :param credential: any credential that Azure SDK clients accept.
    :param str scopes: the scopes of the token.
    """
    policy: BearerTokenCredentialPolicy[Any, Any] = BearerTokenCredentialPolicy(credential, *scopes)

    def provide() -> str:
        request: PipelineRequest[Any] = PipelineRequest(HttpRequest("GET", "https://localhost"), PipelineContext(None))
        policy.on_request(request)
        header: str = request.http_request.headers["Authorization"]
        return header.removeprefix("Bearer ")

    return provide
