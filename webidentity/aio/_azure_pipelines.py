"""AzurePipelinesCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.azure_pipelines import AzurePipelinesArguments


class AzurePipelinesCredential(AsyncCredential, AzurePipelinesArguments):
    __doc__ = AzurePipelinesArguments.__doc__
