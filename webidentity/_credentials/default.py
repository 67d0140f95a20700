"""DefaultAzureCredential."""

from azure.core.credentials import TokenProvider

from webidentity._credentials.chained import ChainedTokenCredential
from webidentity.arguments.default import DefaultArguments


class DefaultAzureCredential(DefaultArguments[TokenProvider], ChainedTokenCredential):
    __doc__ = DefaultArguments.__doc__
