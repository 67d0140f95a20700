"""AzurePowerShellCredential."""

from webidentity.arguments.azure_power_shell import AzurePowerShellArguments
from webidentity.credentials.base import Credential


class AzurePowerShellCredential(Credential, AzurePowerShellArguments):
    __doc__ = AzurePowerShellArguments.__doc__
