"""AzureDeveloperCliCredential, async."""

from webidentity._credentials.azure_developer_cli import AzureDeveloperCliConstructor
from webidentity.aio._base import AsyncCredential


class AzureDeveloperCliCredential(AzureDeveloperCliConstructor, AsyncCredential):
    __doc__ = AzureDeveloperCliConstructor.__doc__
