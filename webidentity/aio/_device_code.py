"""DeviceCodeCredential, async."""

from webidentity._credentials.device_code import DeviceCodeConstructor
from webidentity.aio._interactive import AsyncInteractiveCredential


class DeviceCodeCredential(DeviceCodeConstructor, AsyncInteractiveCredential):
    __doc__ = DeviceCodeConstructor.__doc__
