"""ClientSecretCredential, async."""

from webidentity._credentials.client_secret import ClientSecretConstructor
from webidentity.aio._base import AsyncCredential


class ClientSecretCredential(ClientSecretConstructor, AsyncCredential):
    __doc__ = ClientSecretConstructor.__doc__
