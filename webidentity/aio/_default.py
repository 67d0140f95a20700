"""DefaultAzureCredential, async."""

from azure.core.credentials_async import AsyncTokenProvider

from webidentity._credentials.default import DefaultAzureConstructor
from webidentity.aio._chained import ChainedTokenCredential


class DefaultAzureCredential(DefaultAzureConstructor[AsyncTokenProvider], ChainedTokenCredential):
    __doc__ = DefaultAzureConstructor.__doc__
