"""ClientAssertionCredential, async."""

from collections.abc import Awaitable

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.client_assertion import ClientAssertionArguments


class ClientAssertionCredential(AsyncCredential, ClientAssertionArguments[str | Awaitable[str]]):
    __doc__ = ClientAssertionArguments.__doc__
