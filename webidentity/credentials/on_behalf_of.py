"""OnBehalfOfCredential."""

from webidentity.arguments.on_behalf_of import OnBehalfOfArguments
from webidentity.credentials.base import Credential


class OnBehalfOfCredential(Credential, OnBehalfOfArguments[str]):
    __doc__ = OnBehalfOfArguments.__doc__
