"""DefaultAzureCredential, async."""

from azure.core.credentials_async import AsyncTokenProvider

from webidentity.aio._chained import ChainedTokenCredential
from webidentity.arguments.default import DefaultArguments


class DefaultAzureCredential(DefaultArguments[AsyncTokenProvider], ChainedTokenCredential):
    __doc__ = DefaultArguments.__doc__
