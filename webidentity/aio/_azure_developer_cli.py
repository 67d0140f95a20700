"""AzureDeveloperCliCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.azure_developer_cli import AzureDeveloperCliArguments


class AzureDeveloperCliCredential(AsyncCredential, AzureDeveloperCliArguments):
    __doc__ = AzureDeveloperCliArguments.__doc__
