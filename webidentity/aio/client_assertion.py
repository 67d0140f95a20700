"""ClientAssertionCredential, async."""

from webidentity.aio.base import AsyncCredential
from webidentity.arguments.client_assertion import ClientAssertionArguments


class ClientAssertionCredential(AsyncCredential, ClientAssertionArguments):
    __doc__ = ClientAssertionArguments.__doc__
