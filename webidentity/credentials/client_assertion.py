"""ClientAssertionCredential."""

from webidentity.arguments.client_assertion import ClientAssertionArguments
from webidentity.credentials.base import Credential


class ClientAssertionCredential(Credential, ClientAssertionArguments[str]):
    __doc__ = ClientAssertionArguments.__doc__
