"""OnBehalfOfCredential, async."""

from collections.abc import Awaitable

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.on_behalf_of import OnBehalfOfArguments


class OnBehalfOfCredential(AsyncCredential, OnBehalfOfArguments[str | Awaitable[str]]):
    __doc__ = OnBehalfOfArguments.__doc__
