"""Calls of real Azure SDK clients and of a Graph client, for a user who has not consented to what they need."""

from typing import Any

from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient
from azure.storage.blob import BlobServiceClient
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient
from azure.storage.queue import QueueServiceClient
from azure.storage.queue.aio import QueueServiceClient as AsyncQueueServiceClient
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_core import BaseGraphRequestAdapter

from tests.kit.canned import Canned, Reply
from tests.kit.world import WRITE
from webidentity import AuthenticationRequiredError
from webidentity.testing._tenant import TENANT_ID

CLIENTS = ("blob", "queue", "vault")
ASYNC_CLIENTS = (*CLIENTS, "graph")
# No request is sent: there is no token for it. If the client retries, it does so without a pause.
_HOST = "https://127.0.0.1:9"
_NO_PAUSE: dict[str, Any] = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
_VAULT = "https://name.vault.azure.net"


def _vault() -> Canned:
    """Return a network on which Key Vault says, as it does first, where to get a token."""
    authority = f"https://login.microsoftonline.com/{TENANT_ID}"
    challenge = f'Bearer authorization="{authority}", resource="https://vault.azure.net"'
    return Canned(answer=lambda _: Reply(status=401, headers={"WWW-Authenticate": challenge}))


class CountingCredential:
    """Asks for a scope that the tenant knows, and counts the calls."""

    def __init__(self, credential: Any) -> None:
        self._credential = credential
        self.calls = 0

    def get_token_info(self, *_: str, options: Any = None) -> Any:
        self.calls += 1
        return self._credential.get_token_info(WRITE, options=options)

    def get_token(self, *_: str, **options: Any) -> Any:
        self.calls += 1
        return self._credential.get_token(WRITE, **options)


class AsyncCountingCredential(CountingCredential):
    """The same with the context manager of async credentials. Its methods return the coroutines of the credential."""

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def close(self) -> None:
        return


def call_client(kind: str, credential: Any, *, caught: bool) -> str:
    """Call a sync client; with ``caught`` the view handles the error itself."""
    counting = CountingCredential(credential)
    try:
        if kind == "blob":
            next(BlobServiceClient(_HOST, counting, **_NO_PAUSE).list_containers())
        elif kind == "queue":
            next(QueueServiceClient(_HOST, counting, **_NO_PAUSE).list_queues())
        else:
            SecretClient(_VAULT, counting, transport=_vault().transport()).get_secret("name")
    except AuthenticationRequiredError as error:
        assert counting.calls == 1, f"{counting.calls} calls"
        if caught:
            return f"caught {error.scopes[0]}"
        raise
    return "the client got a token"


async def acall_client(kind: str, credential: Any, *, caught: bool) -> str:
    """Call an async client; with ``caught`` the view handles the error itself."""
    counting: Any = AsyncCountingCredential(credential)
    try:
        if kind == "blob":
            async with AsyncBlobServiceClient(_HOST, counting, **_NO_PAUSE) as blobs:
                await anext(blobs.list_containers())
        elif kind == "queue":
            async with AsyncQueueServiceClient(_HOST, counting, **_NO_PAUSE) as queues:
                await anext(queues.list_queues())
        elif kind == "vault":
            async with AsyncSecretClient(_VAULT, counting, transport=_vault().aio_transport()) as secrets:
                await secrets.get_secret("name")
        else:
            provider = AzureIdentityAuthenticationProvider(counting, allowed_hosts=["graph.microsoft.com"])
            request = RequestInformation(Method.GET, "https://graph.microsoft.com/v1.0/me", {})
            request.url = "https://graph.microsoft.com/v1.0/me"
            await BaseGraphRequestAdapter(provider).send_primitive_async(request, "bytes", {})
    except AuthenticationRequiredError as error:
        assert counting.calls == 1, f"{counting.calls} calls"
        if caught:
            return f"caught {error.scopes[0]}"
        raise
    return "the client got a token"
