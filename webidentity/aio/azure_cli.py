"""AzureCliCredential, async."""

from webidentity.aio.base import AsyncCredential
from webidentity.arguments.azure_cli import AzureCliArguments


class AzureCliCredential(AsyncCredential, AzureCliArguments):
    __doc__ = AzureCliArguments.__doc__
