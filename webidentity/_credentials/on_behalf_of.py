"""OnBehalfOfCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.on_behalf_of import OnBehalfOfArguments


class OnBehalfOfCredential(Credential, OnBehalfOfArguments[str]):
    __doc__ = OnBehalfOfArguments.__doc__
