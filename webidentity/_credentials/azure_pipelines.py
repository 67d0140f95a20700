"""AzurePipelinesCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.azure_pipelines import AzurePipelinesArguments


class AzurePipelinesCredential(Credential, AzurePipelinesArguments):
    __doc__ = AzurePipelinesArguments.__doc__
