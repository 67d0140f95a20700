"""Client authentication of Azure Pipelines jobs: a token that Azure DevOps issues for a service connection."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlencode

from azure.core.rest import HttpRequest

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._json import as_text, parse_object
from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.token_reply import read_text
from webidentity.cache._partition import digest
from webidentity.errors import CredentialUnavailableError, EntraError

_VARIABLE = "SYSTEM_OIDCREQUESTURI"
_API_VERSION = "7.1"


@dataclass(frozen=True)
class PipelinesAuthentication(ClientAuthentication):
    """Requests an assertion from Azure DevOps for each token request."""

    service_connection_id: str
    system_access_token: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the service connection and the access token."""
        return digest(f"{self.service_connection_id} {self.system_access_token}")

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed by DevOps
        """Return the form fields with a new assertion.

        :raises CredentialUnavailableError: this is not an Azure Pipelines job.
        :raises EntraError: Azure DevOps refused.
        """
        address = os.environ.get(_VARIABLE)
        if not address:
            raise CredentialUnavailableError(
                message=f"Missing value for the {_VARIABLE} environment variable. Azure Pipelines sets it in its jobs; "
                "AzurePipelinesCredential works only there."
            )
        query = urlencode({"api-version": _API_VERSION, "serviceConnectionId": self.service_connection_id})
        request = HttpRequest(
            "POST",
            f"{address.rstrip('/')}?{query}",
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.system_access_token}",
                # Otherwise Azure DevOps answers an expired access token with a sign-in page.
                "X-TFS-FedAuthRedirect": "Suppress",
            },
        )
        response = yield Send(request)
        document = parse_object(read_text(response)) or {} if response.status_code == 200 else {}
        assertion = as_text(document.get("oidcToken"))
        if assertion is None:
            # Not azure-core's class, which would replace the message with the text of the response.
            raise EntraError(
                f"Azure DevOps issued no token for the service connection (HTTP {response.status_code}). Check "
                "the service connection's id, and that system_access_token is the job's System.AccessToken.",
                response=response,
            )
        return assertion_fields(assertion)
