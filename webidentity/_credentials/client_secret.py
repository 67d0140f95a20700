"""ClientSecretCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.client_secret import ClientSecretArguments


class ClientSecretCredential(Credential, ClientSecretArguments):
    __doc__ = ClientSecretArguments.__doc__
