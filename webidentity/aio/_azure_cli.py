"""AzureCliCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.azure_cli import AzureCliArguments


class AzureCliCredential(AsyncCredential, AzureCliArguments):
    __doc__ = AzureCliArguments.__doc__
