"""AzureCliCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.azure_cli import AzureCliArguments


class AzureCliCredential(Credential, AzureCliArguments):
    __doc__ = AzureCliArguments.__doc__
