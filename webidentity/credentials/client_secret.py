"""ClientSecretCredential."""

from webidentity.arguments.client_secret import ClientSecretArguments
from webidentity.credentials.base import Credential


class ClientSecretCredential(Credential, ClientSecretArguments):
    __doc__ = ClientSecretArguments.__doc__
