"""ClientAssertionCredential, async."""

from collections.abc import Awaitable

from webidentity._credentials.client_assertion import ClientAssertionConstructor
from webidentity.aio._base import AsyncCredential


class ClientAssertionCredential(ClientAssertionConstructor[str | Awaitable[str]], AsyncCredential):
    __doc__ = ClientAssertionConstructor.__doc__
