"""ClientAssertionCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.client_assertion import ClientAssertionArguments


class ClientAssertionCredential(Credential, ClientAssertionArguments[str]):
    __doc__ = ClientAssertionArguments.__doc__
