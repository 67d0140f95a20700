"""AzurePowerShellCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.azure_power_shell import AzurePowerShellArguments


class AzurePowerShellCredential(AsyncCredential, AzurePowerShellArguments):
    __doc__ = AzurePowerShellArguments.__doc__
