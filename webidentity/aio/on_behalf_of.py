"""OnBehalfOfCredential, async."""

from webidentity.aio.base import AsyncCredential
from webidentity.arguments.on_behalf_of import OnBehalfOfArguments


class OnBehalfOfCredential(AsyncCredential, OnBehalfOfArguments):
    __doc__ = OnBehalfOfArguments.__doc__
