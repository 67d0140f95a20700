"""DeviceCodeCredential, async."""

from webidentity.aio._interactive import AsyncInteractiveCredential
from webidentity.arguments.device_code import DeviceCodeArguments


class DeviceCodeCredential(AsyncInteractiveCredential, DeviceCodeArguments):
    __doc__ = DeviceCodeArguments.__doc__
