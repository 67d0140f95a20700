"""AzureCliCredential, async."""

from webidentity._credentials.azure_cli import AzureCliConstructor
from webidentity.aio._base import AsyncCredential


class AzureCliCredential(AzureCliConstructor, AsyncCredential):
    __doc__ = AzureCliConstructor.__doc__
