"""AzurePowerShellCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.azure_power_shell import AzurePowerShellArguments


class AzurePowerShellCredential(Credential, AzurePowerShellArguments):
    __doc__ = AzurePowerShellArguments.__doc__
