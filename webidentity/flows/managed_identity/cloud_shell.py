"""Azure Cloud Shell, whose tokens are those of who opened it."""

from azure.core.rest import HttpRequest

from webidentity.flows.managed_identity.source import Ask, Source


class CloudShell(Source):
    """Answers a POST."""

    host = "Cloud Shell"
    api_version = ""

    def request(self, ask: Ask) -> HttpRequest:
        """Return the request for a token."""
        return HttpRequest("POST", self.endpoint, data={"resource": ask.resource}, headers=self.headers())
