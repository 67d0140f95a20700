"""AzureCliCredential."""

from webidentity.arguments.azure_cli import AzureCliArguments
from webidentity.credentials.base import Credential


class AzureCliCredential(Credential, AzureCliArguments):
    __doc__ = AzureCliArguments.__doc__
