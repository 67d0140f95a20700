"""AzureDeveloperCliCredential."""

from webidentity.arguments.azure_developer_cli import AzureDeveloperCliArguments
from webidentity.credentials.base import Credential


class AzureDeveloperCliCredential(Credential, AzureDeveloperCliArguments):
    __doc__ = AzureDeveloperCliArguments.__doc__
