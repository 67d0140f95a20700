"""DeviceCodeCredential."""

from webidentity.arguments.device_code import DeviceCodeArguments
from webidentity.credentials.interactive import InteractiveCredential


class DeviceCodeCredential(InteractiveCredential, DeviceCodeArguments):
    __doc__ = DeviceCodeArguments.__doc__
