"""AzurePowerShellCredential, async."""

from webidentity._credentials.azure_power_shell import AzurePowerShellConstructor
from webidentity.aio._base import AsyncCredential


class AzurePowerShellCredential(AzurePowerShellConstructor, AsyncCredential):
    __doc__ = AzurePowerShellConstructor.__doc__
