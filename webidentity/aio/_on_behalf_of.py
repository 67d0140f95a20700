"""OnBehalfOfCredential, async."""

from collections.abc import Awaitable

from webidentity._credentials.on_behalf_of import OnBehalfOfConstructor
from webidentity.aio._base import AsyncCredential


class OnBehalfOfCredential(OnBehalfOfConstructor[str | Awaitable[str]], AsyncCredential):
    __doc__ = OnBehalfOfConstructor.__doc__
