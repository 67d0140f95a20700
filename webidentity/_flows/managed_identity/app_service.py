"""App Service, Functions, Container Apps and Automation."""

from collections.abc import Mapping
from typing import ClassVar

from webidentity._flows.managed_identity.source import Source
from webidentity._protocol.managed_identity.identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID


class AppServiceSource(Source):
    """Knows its callers by a header whose value is in their environment."""

    host = "App Service"
    api_version = "2019-08-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "client_id", OBJECT_ID: "object_id", RESOURCE_ID: "mi_res_id"}

    def headers(self) -> dict[str, str]:
        """Return the header; Automation, which sets the same variables, wants Metadata beside it."""
        return {"X-IDENTITY-HEADER": self.secret, "Metadata": "true"}
