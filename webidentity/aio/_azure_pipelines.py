"""AzurePipelinesCredential, async."""

from webidentity._credentials.azure_pipelines import AzurePipelinesConstructor
from webidentity.aio._base import AsyncCredential


class AzurePipelinesCredential(AzurePipelinesConstructor, AsyncCredential):
    __doc__ = AzurePipelinesConstructor.__doc__
