"""Azure Cloud Shell, whose tokens are those of who opened it."""

from azure.core.rest import HttpRequest

from webidentity._flows.managed_identity.source import Source, SourceRequest


class CloudShellSource(Source):
    """Answers a POST."""

    host = "Cloud Shell"
    api_version = ""

    def request(self, ask: SourceRequest) -> HttpRequest:
        """Return the request for a token."""
        return HttpRequest("POST", self.endpoint, data={"resource": ask.resource}, headers=self.headers())
