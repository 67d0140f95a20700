"""DeviceCodeCredential."""

from webidentity._credentials.interactive import InteractiveCredential
from webidentity.arguments.device_code import DeviceCodeArguments


class DeviceCodeCredential(InteractiveCredential, DeviceCodeArguments):
    __doc__ = DeviceCodeArguments.__doc__
