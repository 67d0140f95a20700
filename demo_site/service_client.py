"""An HTTP client built like an Azure SDK client: an azure-core pipeline that gets tokens from a credential."""

from typing import Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import DecodeError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HttpLoggingPolicy, RetryPolicy
from azure.core.rest import HttpRequest

#: In seconds. Short, because a user is waiting for the page.
_CONNECTION_TIMEOUT = 3
_READ_TIMEOUT = 10


class ServiceError(Exception):
    """A service returned an error or did not answer.

    :param status: the HTTP status, or None if the service did not answer.
    :param error: the error code that the service sent.
    """

    def __init__(self, message: str, status: int | None = None, error: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error = error


class ServiceClient:
    """Reads JSON from a service that requires bearer tokens.

    :param endpoint: base URL of the service.
    :param credential: any credential.
    :param scope: the scope of the tokens to acquire.
    """

    def __init__(self, endpoint: str, credential: TokenCredential, scope: str) -> None:
        policies = [
            RetryPolicy(retry_total=1, retry_backoff_factor=0.1),
            BearerTokenCredentialPolicy(credential, scope),
            HttpLoggingPolicy(),
        ]
        self._client: PipelineClient[Any, Any] = PipelineClient(
            endpoint, policies=policies, connection_timeout=_CONNECTION_TIMEOUT, read_timeout=_READ_TIMEOUT
        )

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path of the service.

        :raises ServiceError: the service returned an error or could not be reached.
        :raises ~webidentity.AuthenticationRequiredError: the user must sign in again or consent.
        """
        request = HttpRequest("GET", self._client.format_url(path), headers={"Accept": "application/json"})
        # azure-core sends tokens only over https. The demo's servers use http on localhost.
        enforce_https = urlsplit(request.url).hostname != "localhost"
        with self._client as client:
            try:
                response = client.send_request(request, enforce_https=enforce_https)
            except (ServiceRequestError, ServiceResponseError) as error:
                raise ServiceError(f"No answer: {type(error).__name__}") from error
            return _read(response)


def _read(response: Any) -> dict[str, Any]:
    try:
        document = response.json()
    except (ValueError, DecodeError):
        document = None
    if not isinstance(document, dict):
        raise ServiceError("The reply is not a JSON object", response.status_code)
    if response.status_code != 200:
        error = document.get("error")
        name = error.get("code") if isinstance(error, dict) else error
        raise ServiceError(f"Status {response.status_code}: {name}", response.status_code, str(name))
    return document
