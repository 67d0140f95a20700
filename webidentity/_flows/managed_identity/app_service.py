"""Hosts that name one HTTP endpoint in their environment: App Service, Azure Machine Learning and Cloud Shell."""

from collections.abc import Mapping
from typing import ClassVar

from azure.core.rest import HttpRequest

from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._protocol.managed_identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID


class AppServiceSource(Source):
    """App Service, Functions, Container Apps and Automation: a GET, authenticated with a header."""

    host = "App Service"
    api_version = "2019-08-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "client_id", OBJECT_ID: "object_id", RESOURCE_ID: "mi_res_id"}

    def headers(self) -> dict[str, str]:
        """Return the headers. Automation sets the same variables, and requires Metadata too."""
        return {"X-IDENTITY-HEADER": self.secret, "Metadata": "true"}


class AzureMachineLearningSource(Source):
    """Azure Machine Learning, and App Service with its former API: a GET, authenticated with a header."""

    host = "Azure ML"
    api_version = "2017-09-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "clientid", OBJECT_ID: "object_id", RESOURCE_ID: "msi_res_id"}

    def headers(self) -> dict[str, str]:
        """Return the header."""
        return {"secret": self.secret}


class CloudShellSource(Source):
    """Azure Cloud Shell: a POST, for tokens of the user who opened the shell."""

    host = "Cloud Shell"
    api_version = ""

    def build_request(self, request: SourceRequest) -> HttpRequest:
        """Return the HTTP request for a token."""
        return HttpRequest("POST", self.endpoint, data={"resource": request.resource}, headers=self.headers())
