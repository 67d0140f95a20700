"""AzurePipelinesCredential."""

from webidentity.arguments.azure_pipelines import AzurePipelinesArguments
from webidentity.credentials.base import Credential


class AzurePipelinesCredential(Credential, AzurePipelinesArguments):
    __doc__ = AzurePipelinesArguments.__doc__
