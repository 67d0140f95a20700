"""AuthorizationCodeCredential."""

from webidentity.arguments.authorization_code import AuthorizationCodeArguments
from webidentity.credentials.base import Credential


class AuthorizationCodeCredential(Credential, AuthorizationCodeArguments):
    __doc__ = AuthorizationCodeArguments.__doc__
