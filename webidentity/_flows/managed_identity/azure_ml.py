"""Azure Machine Learning, and App Service as it was."""

from collections.abc import Mapping
from typing import ClassVar

from webidentity._flows.managed_identity.source import Source
from webidentity._protocol.managed_identity.identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID


class AzureMachineLearningSource(Source):
    """Knows its callers by a header whose value is in their environment."""

    host = "Azure ML"
    api_version = "2017-09-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "clientid", OBJECT_ID: "object_id", RESOURCE_ID: "msi_res_id"}

    def headers(self) -> dict[str, str]:
        """Return the header."""
        return {"secret": self.secret}
