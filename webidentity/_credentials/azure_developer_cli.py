"""AzureDeveloperCliCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.azure_developer_cli import AzureDeveloperCliArguments


class AzureDeveloperCliCredential(Credential, AzureDeveloperCliArguments):
    __doc__ = AzureDeveloperCliArguments.__doc__
