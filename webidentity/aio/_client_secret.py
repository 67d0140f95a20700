"""ClientSecretCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.client_secret import ClientSecretArguments


class ClientSecretCredential(AsyncCredential, ClientSecretArguments):
    __doc__ = ClientSecretArguments.__doc__
