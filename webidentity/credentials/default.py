"""DefaultAzureCredential."""

from azure.core.credentials import TokenProvider

from webidentity.arguments.default import DefaultArguments
from webidentity.credentials.chained import ChainedTokenCredential


class DefaultAzureCredential(DefaultArguments[TokenProvider], ChainedTokenCredential):
    __doc__ = DefaultArguments.__doc__
